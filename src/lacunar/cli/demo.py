"""``lacunar demo``: the whole of it on generated samples, ending in a page to open."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress, write_text
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.report.index import Entry

# A quarter of the default's restarts: enough to show, and the page says so.
_SEEDS = 10
# As many images and epochs as half a minute allows; batches are small, so that so few teach more.
_TRAIN, _TEST, _EPOCHS, _BATCH, _FOLDS = 200, 80, 15, 16, 3


def demo(
    output: Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")] = Path(
        "lacunar-demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of samples and fits.")] = 0,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Generate samples, fit both applications, and write reports to open in a browser.

    Example: `lacunar demo -o demo`
    """
    from lacunar.report.index import index_page

    if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not force)):
        raise InputError(f"{output}: something is there already; pass --force to write into it")
    output.mkdir(parents=True, exist_ok=True)
    entries, notes = [_tastes(output, seed)], []
    try:
        entries.append(_traits(output, seed))
    except InputError as error:
        # Half a demo is better than none where only the network's library is missing.
        notes.append(f"Traits were left out: {error}.")
        err.print(notes[0], markup=False)
    index = output / "index.html"
    write_text(index, index_page("Lacunar demo", entries, notes=notes))
    if json:
        reports = [entry.href for entry in entries]
        emit_json({"file": str(index), "reports": reports, "notes": notes})
        return
    out.print(f"Open {index.resolve()}", markup=False, soft_wrap=True)


def _tastes(output: Path, seed: int) -> Entry:
    from lacunar.datasets.tastes.sample import sample_tastes, write_sample
    from lacunar.report.index import Entry
    from lacunar.report.taste.page import taste_report
    from lacunar.store.taste import save_taste
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.fit import fit_taste

    err.print("Tastes: a generated log of ratings, its segments, a report")
    write_sample(sample_tastes(seed=seed), output / "tastes")
    with progress() as report:
        model = fit_taste(
            read_ratings(output / "tastes"), TasteConfig(seed=seed, n_seeds=_SEEDS), progress=report
        )
    save_taste(model, output / "taste-model", force=True)
    write_text(output / "tastes.html", taste_report(model))
    return Entry(
        title="Tastes",
        description=(
            f"{model.ratings.n_users} users, {len(model.ratings.log)} ratings, "
            f"{model.segments.n_segments} segments; fitted from {_SEEDS} seeds where "
            "a real fit takes 40"
        ),
        href="tastes.html",
    )


def _traits(output: Path, seed: int) -> Entry:
    from lacunar.cli.traits.epoch_log import EpochLog
    from lacunar.datasets.people.sample import sample_people, write_people
    from lacunar.report.index import Entry
    from lacunar.report.traits.page import traits_report
    from lacunar.store.traits import save_traits
    from lacunar.traits.config import TraitsConfig
    from lacunar.traits.data.dataset import read_layout
    from lacunar.traits.environment import require_torch
    from lacunar.traits.fit import fit_traits
    from lacunar.traits.predict.explainer import explained_samples
    from lacunar.traits.predict.training_samples import augmented_samples

    require_torch()
    err.print("Traits: generated pictures of people, a network that tells six attributes, a report")
    people = output / "people"
    write_people(sample_people(n_train=_TRAIN, n_test=_TEST, maps=False, seed=seed), people)
    train, test = read_layout(people)
    # Known weights have seen pictures of this very kind, and figures would flatter them.
    config = TraitsConfig(
        start="random", seed=seed, max_epochs=_EPOCHS, batch=_BATCH, folds=_FOLDS, refit=0
    )
    # Arrays that are still mapped cannot be deleted on Windows.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, progress() as report:
        cache = Path(name)
        model = fit_traits(
            train,
            config,
            test=test,
            progress=EpochLog(train.schema.names, _EPOCHS, report, networks=config.n_networks),
            reading=partial(report, "decoding images"),
            cache_dir=cache,
        )
        samples = augmented_samples(model, train, cache_dir=cache)
        explained = explained_samples(model, train, cache_dir=cache)
    save_traits(model, output / "traits-model", force=True)
    default = TraitsConfig()
    short = (
        f"A demo: {_TRAIN} generated pictures to learn from and {_FOLDS} networks of {_EPOCHS} "
        f"epochs, where the default trains {default.n_networks} of {default.max_epochs}. A fit "
        "that takes its time finds more."
    )
    page = traits_report(model, samples=samples, explained=explained, caveat=short)
    write_text(output / "traits.html", page)
    return Entry(
        title="Traits",
        description=(
            f"{len(model.schema.names)} attributes of {_TRAIN + _TEST} generated pictures of "
            f"people, some labels unknown; {_EPOCHS} epochs where a real fit takes "
            f"{default.max_epochs}"
        ),
        href="traits.html",
    )
