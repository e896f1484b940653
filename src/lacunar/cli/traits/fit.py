"""``lacunar traits fit``: from labelled images to a model, epoch by epoch."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, check_checkpoint, emit_json, err, out, progress
from lacunar.cli.settings import validated
from lacunar.cli.traits.epoch_log import EpochLog
from lacunar.cli.traits.processes import (
    check_in_first,
    check_workers,
    speaking_as_one,
    tell_beginning,
    warn_of_restarts,
)
from lacunar.cli.traits.tables import print_counts, print_scores
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.config import TraitsConfig
    from lacunar.traits.data.dataset import LabelledImages
    from lacunar.traits.model import TraitsModel
    from lacunar.traits.training.distributed import ProcessGroup


def fit(
    data: Annotated[
        Path, typer.Argument(help="Directory with Train_Data, one with a CSV file, or the file.")
    ],
    output: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    preset: Annotated[
        str, typer.Option(help="default, or source: as the source report does.")
    ] = "default",
    schema: Annotated[
        Path | None,
        typer.Option(help="schema.toml with attributes and columns, if not beside the data."),
    ] = None,
    max_epochs: Annotated[
        int | None, typer.Option(help="Epochs of a network (default: 60; source: 100 at most).")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            help="Source: epochs without a lower validation loss that end it (default: 25)."
        ),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Images per step (default: 32; source: 64).")
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            help="With --folds 0: images that validate: how many, or below 1 which share "
            "(default: 0.23; source: 120, which choose the epoch)."
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            help="stripes (default), source, or shared-dense: as source, but related attributes "
            "share a layer."
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Parts of the images and networks that each leave some parts out and are judged "
            "by them; 0: one network, some images validate (default: 10; source: 0)."
        ),
    ] = None,
    refit: Annotated[
        int | None,
        typer.Option(
            help="Networks trained on all images, which answer together; 0: those of the folds do "
            "(default: 5; source: 0, as its images choose the epoch)."
        ),
    ] = None,
    class_weights: Annotated[
        float | None,
        typer.Option(
            help="From 0 to 1: labels of a class weigh (1 / their number) to this power in the "
            "loss (default: 0)."
        ),
    ] = None,
    logit_adjustment: Annotated[
        float | None,
        typer.Option(
            metavar="TAU",
            help="From 0 to 2: train for answers that favour rare classes, at 1 as if all classes "
            "were equally frequent (default: 0).",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="pedestrians: weights that come with Lacunar, learned from drawn people (default "
            "of stripes); random."
        ),
    ] = None,
    no_augment: Annotated[
        bool, typer.Option("--no-augment", help="Do not move training images at random.")
    ] = False,
    no_mirror: Annotated[
        bool,
        typer.Option(
            "--no-mirror", help="Left and right matter: mirror no image, in training or answers."
        ),
    ] = False,
    wanted_accuracy: Annotated[
        float | None,
        typer.Option(
            help="Keep answers back so that the others are right so often (default: as often as "
            "the surest 80 % of each attribute)."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Networks that train at once, with the same result (default: one per processor; "
            "1 on a GPU).",
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, mps ... (default: auto).")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Of training: float32, float64; auto: float32, but bfloat16 on CUDA GPUs that "
            "have it (default: auto)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            "--resume",
            help="Directory that every epoch is saved in. A fit that was killed goes on from it.",
        ),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where decoded images are kept (or LACUNAR_CACHE).")
    ] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Learn attributes from labelled images and save the model."""
    from lacunar.store.directory import check_destination
    from lacunar.store.traits import save_traits
    from lacunar.traits.config import TraitsConfig
    from lacunar.traits.data.dataset import read_layout
    from lacunar.traits.data.schema import read_schema
    from lacunar.traits.environment import require_torch
    from lacunar.traits.evaluate.evaluation import whose_figures
    from lacunar.traits.fit import fit_traits, remove_checkpoints
    from lacunar.traits.to_json import fit_document

    require_torch()
    with speaking_as_one() as processes:
        check_in_first(processes, partial(check_destination, output, force=force))
        check_in_first(processes, partial(check_checkpoint, checkpoint, output))
        check_workers(workers, processes)
        fixed = {"augmentation": None} if no_augment else {}
        config = validated(
            partial(TraitsConfig.of_preset, preset, **fixed),
            max_epochs=max_epochs,
            patience=patience,
            batch=batch,
            validation=validation,
            network=network,
            folds=folds,
            refit=refit,
            start=start,
            class_weights=class_weights,
            logit_adjustment=logit_adjustment,
            wanted_accuracy=wanted_accuracy,
            device=device,
            precision=precision,
            seed=seed,
        )
        config = config.without_mirror() if no_mirror else config
        _check_used(config, patience=patience, validation=validation)
        train, test = read_layout(data, read_schema(schema) if schema else None)
        speaks = processes.rank == 0
        if speaks:
            _print_intake("training", train)
            if test is not None:
                _print_intake("test", test)
            warn_of_restarts(checkpoint)
            tell_beginning(checkpoint, processes)
        with progress(shown=speaks) as report:
            log = EpochLog(
                train.schema.names,
                config.max_epochs,
                report,
                networks=config.n_networks,
                patience=config.patience if config.chooses_epoch else None,
            )
            model = fit_traits(
                train,
                config,
                test=test,
                workers=workers or _workers(config, processes),
                progress=log if speaks else None,
                reading=partial(report, "decoding images"),
                checkpoint_dir=checkpoint,
                cache_dir=cache,
                processes=processes,
            )
        # While all are there: who leaves last waits for the model, and a failure ends all alike.
        if speaks:
            save_traits(model, output, force=force)
            if checkpoint is not None:
                remove_checkpoints(checkpoint)
    if not speaks:
        return
    if json:
        emit_json({"model": str(output), **fit_document(model)})
        return
    print_counts(model)
    _print_start(model)
    _print_epochs(model)
    part = "test" if "test" in model.evaluations else model.config.evaluated_split
    whose = whose_figures(part, model.config)
    print_scores(model.evaluations[part], whose[0].upper() + whose[1:])
    out.print(f"Model written to {output}", markup=False, soft_wrap=True)


def _workers(config: TraitsConfig, processes: ProcessGroup) -> int:
    # Processes that train together each take a GPU first; to ask for one here would open another.
    if processes.size > 1:
        return 1
    from lacunar.traits.networks.device import choose_device

    return (os.cpu_count() or 1) if choose_device(config.device).type == "cpu" else 1


def _check_used(config: TraitsConfig, *, patience: int | None, validation: float | None) -> None:
    if validation is not None and config.folds:
        raise InputError(
            f"--validation: expected it with --folds 0, got {config.folds} folds, of which each"
            " validates once"
        )
    if patience is not None and not config.chooses_epoch:
        raise InputError(
            "--patience: expected it with --preset source, got a preset that always takes"
            f" {config.max_epochs} epochs"
        )


def _print_intake(what: str, dataset: LabelledImages) -> None:
    intake, n = dataset.intake, len(dataset)
    unknown = ", ".join(f"{name} {count}" for name, count in intake.unknown.items())
    repeated = f", {intake.repeated} of them for an image named before" if intake.repeated else ""
    err.print(f"Read {n} {what} images from {intake.rows} rows{repeated}.", markup=False)
    err.print(f"  unknown labels: {unknown}", markup=False)


def _print_start(model: TraitsModel) -> None:
    if model.start is not None:
        told = ", ".join(model.start.attributes) or "none of these attributes"
        out.print(f"Weights started from {model.start.name}, which tell {told}.\n", markup=False)


def _print_epochs(model: TraitsModel) -> None:
    from lacunar.traits.training.history import common_epoch, kept_epoch, kept_span

    config, n = model.config, len(model.history)
    kept = kept_epoch(model.history, config)
    if not config.chooses_epoch:
        judged = f"{config.folds} networks, each without {config.folds_left_out} of {config.folds}"
        lines = [f"Trained {n} epochs at a time and kept the last weights:"]
        if not config.folds:
            lines.append("  of one network")
        elif config.refit:
            lines += [f"  {judged} parts, which judge", f"  {config.refit} on all, which answer"]
        else:
            lines.append(f"  {judged} parts, which judge and answer")
        out.print("\n".join(lines) + ".\n", markup=False)
        return
    if common_epoch(model.histories, config) is None:
        kept_by = kept_span(model.histories, config)
        out.print(
            f"Trained {len(model.histories)} networks, each without other parts of the images;"
            f"\neach kept its epoch of the lowest validation loss: {kept_by}.\n",
            markup=False,
        )
        return
    why = (
        f"it stopped after {config.patience} epochs without a lower one"
        if n < config.max_epochs
        else "as many as were allowed"
    )
    out.print(
        f"Kept epoch {kept.epoch}, of the lowest validation loss ({kept.validation.loss:.3f}),\n"
        f"of {n}: {why}.\n",
        markup=False,
    )
