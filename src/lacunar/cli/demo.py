"""``lacunar demo``: the whole of it on generated samples, ending in a page to open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import ForceFlag, err, out, progress, write_text
from lacunar.errors import InputError

# A quarter of the default's restarts: enough to show, and the page says so.
_SEEDS = 10


def demo(
    output: Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")] = Path(
        "lacunar-demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of sample and fit.")] = 0,
    force: ForceFlag = False,
) -> None:
    """Generate a sample, fit it, and write a report to open in a browser.

    Example: `lacunar demo -o demo`
    """
    from lacunar.datasets.sample_tastes import sample_tastes, write_sample
    from lacunar.report.index import Entry, index_page
    from lacunar.report.taste import taste_report
    from lacunar.store import save_taste
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.model import fit_taste
    from lacunar.taste.ratings import read_ratings

    if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not force)):
        raise InputError(f"{output}: something is there already; name --force to write into it")
    output.mkdir(parents=True, exist_ok=True)
    err.print("Tastes: a generated log of ratings, its segments, a report")
    write_sample(sample_tastes(seed=seed), output / "tastes")
    with progress() as report:
        model = fit_taste(
            read_ratings(output / "tastes"), TasteConfig(seed=seed, n_seeds=_SEEDS), progress=report
        )
    save_taste(model, output / "taste-model", force=True)
    write_text(output / "tastes.html", taste_report(model))
    entries = [
        Entry(
            title="Tastes",
            description=(
                f"{model.ratings.n_users} users, {len(model.ratings.log)} ratings, "
                f"{model.segments.n_segments} segments; fitted from {_SEEDS} seeds where "
                "a real fit takes 40"
            ),
            href="tastes.html",
        )
    ]
    index = output / "index.html"
    write_text(index, index_page("Lacunar demo", entries))
    out.print(f"Open {index.resolve()}", markup=False, soft_wrap=True)
