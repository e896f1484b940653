"""``lacunar demo``: models and reports of generated samples."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress, write_text
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.report.index import Entry

# A quarter of the default restarts, to save time; the page says so.
_SEEDS = 10
# Sizes for a fit of half a minute. Small batches give more steps per epoch.
_TRAIN, _TEST, _EPOCHS, _BATCH, _FOLDS = 200, 80, 15, 16, 3


def demo(
    output: Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")] = Path(
        "lacunar-demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of the samples and fits.")] = 0,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Generate samples, fit both models, and write reports to open in a browser.

    Example: `lacunar demo -o demo`
    """
    from lacunar.report.index import index_page

    if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not force)):
        raise InputError(f"{output}: the path already exists; pass --force to write into it")
    output.mkdir(parents=True, exist_ok=True)
    entries, notes = [_tastes(output, seed)], []
    try:
        entries.append(_traits(output, seed))
    except InputError as error:
        # Without PyTorch, half of the demo still works.
        notes.append(f"Traits were left out: {error}.")
        err.print(notes[0])
    index = output / "index.html"
    write_text(index, index_page("Lacunar demo", entries, notes=notes))
    if json:
        reports = [entry.href for entry in entries]
        emit_json({"file": str(index), "reports": reports, "notes": notes})
        return
    out.print(f"Open {index.resolve()}", soft_wrap=True)


def _tastes(output: Path, seed: int) -> Entry:
    from lacunar.datasets.tastes.sample import sample_tastes, write_sample
    from lacunar.report.index import Entry
    from lacunar.report.taste.page import taste_report
    from lacunar.store.taste import save_taste
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.fit import fit_taste

    err.print("Tastes: generated ratings, segments, report")
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
            f"{model.segments.n_segments} segments; fitted with {_SEEDS} seeds (a real fit uses 40)"
        ),
        href="tastes.html",
    )


def _traits(output: Path, seed: int) -> Entry:
    from lacunar.cli.traits.epoch_log import EpochLog
    from lacunar.datasets.people.sample import sample_people, write_people
    from lacunar.files.atomic import scratch_folder
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
    err.print("Traits: generated images of people, networks for six attributes, report")
    people = output / "people"
    write_people(sample_people(n_train=_TRAIN, n_test=_TEST, seed=seed), people)
    train, test = read_layout(people)
    # Random weights: the pretrained ones have seen such images, so scores would be too high.
    config = TraitsConfig(
        start="random", seed=seed, max_epochs=_EPOCHS, batch=_BATCH, folds=_FOLDS, refit=0
    )
    with scratch_folder() as cache, progress() as report:
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
        f"A demo: {_FOLDS} networks trained for {_EPOCHS} epochs on {_TRAIN} generated images. The "
        f"default trains {default.n_networks} networks for {default.max_epochs} epochs and gives "
        "better scores."
    )
    page = traits_report(model, samples=samples, explained=explained, caveat=short)
    write_text(output / "traits.html", page)
    return Entry(
        title="Traits",
        description=(
            f"{len(model.schema.names)} attributes of {_TRAIN + _TEST} generated images of "
            f"people, some labels unknown; {_EPOCHS} epochs (a real fit uses {default.max_epochs})"
        ),
        href="traits.html",
    )
