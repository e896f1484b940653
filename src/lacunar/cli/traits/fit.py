"""``lacunar traits fit``: train networks on labelled images and save the model."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict, Unpack

import typer

from lacunar.cli.config_file import ConfigOption
from lacunar.cli.console import ForceFlag, JsonFlag, check_checkpoint, emit_json, out, progress
from lacunar.cli.option_group import expand_options
from lacunar.cli.settings import validated
from lacunar.cli.traits.arguments import CacheOption, SchemaOption
from lacunar.cli.traits.epoch_log import EpochLog
from lacunar.cli.traits.fit_summary import print_intake, print_summary
from lacunar.cli.traits.processes import (
    check_in_first,
    check_workers,
    print_beginning,
    single_error,
    warn_of_restarts,
)
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.config import TraitsConfig
    from lacunar.traits.training.distributed import ProcessGroup

_training = partial(typer.Option, rich_help_panel="Training")
_answers = partial(typer.Option, rich_help_panel="Validation and confidence")
_machine = partial(typer.Option, rich_help_panel="Machine")


class TraitsOptions(TypedDict):
    """Options that fill fields of a ``TraitsConfig``; ``None`` keeps the preset's value."""

    max_epochs: Annotated[int | None, _training(help="Epochs (default: 60; source: at most 100).")]
    batch: Annotated[int | None, _training(help="Batch size (default: 32; source: 64).")]
    network: Annotated[
        str | None,
        _training(
            help="stripes (default), source, or shared-dense: related attributes share a layer."
        ),
    ]
    start: Annotated[
        str | None,
        _training(help="Initial weights: random, or pedestrians (default for stripes)."),
    ]
    class_weights: Annotated[
        float | None,
        _training(help="0 to 1: weigh rare classes (default: 0)."),
    ]
    logit_adjustment: Annotated[
        float | None,
        _training(metavar="TAU", help="0 to 2: favour rare classes in training (default: 0)."),
    ]
    patience: Annotated[
        int | None,
        _training(help="Source only: stop after so many epochs without gain (default: 25)."),
    ]
    folds: Annotated[
        int | None,
        _answers(help="Cross-validation folds; 0: one network (default: 10; source: 0)."),
    ]
    refit: Annotated[
        int | None,
        _answers(
            help="Networks trained on all images, to predict; 0: those of the folds predict "
            "(default: 5; source: 0)."
        ),
    ]
    validation: Annotated[
        float | None,
        _answers(
            help="With --folds 0: number or share of validation images (default: 0.23; source: "
            "120)."
        ),
    ]
    wanted_accuracy: Annotated[
        float | None,
        _answers(
            help="Abstain so often that other predictions are this accurate (default: as the "
            "most confident 80 %)."
        ),
    ]
    device: Annotated[str | None, _machine(help="auto, cpu, cuda, mps ... (default: auto).")]
    precision: Annotated[
        str | None,
        _machine(help="float32, float64, or auto: bfloat16 on a GPU that has it (default: auto)."),
    ]
    seed: Annotated[int | None, _machine(help="The same seed gives the same model (default: 0).")]


@expand_options
def fit(
    data: Annotated[
        Path,
        typer.Argument(help="Directory with Train_Data or one CSV file, or a CSV file."),
    ],
    output: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    preset: Annotated[
        str, typer.Option(show_default=False, help="default, or source: as in the source report.")
    ] = "default",
    schema: SchemaOption = None,
    workers: Annotated[
        int | None,
        _machine(
            min=1,
            help="Networks to train at the same time (default: one per processor; 1 on a GPU).",
        ),
    ] = None,
    checkpoint_dir: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            "--resume",
            help="Directory for every epoch; a stopped fit continues from it.",
        ),
    ] = None,
    cache_dir: CacheOption = None,
    config_file: ConfigOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
    no_augment: Annotated[
        bool, _training("--no-augment", help="Do not augment the training images.")
    ] = False,
    no_mirror: Annotated[
        bool,
        _training("--no-mirror", help="Left and right matter: mirror no image."),
    ] = False,
    **options: Unpack[TraitsOptions],
) -> None:
    """Learn attributes from labelled images and save the model."""
    del config_file
    from lacunar.store.directory import check_destination
    from lacunar.store.traits import save_traits
    from lacunar.traits.data.dataset import read_layout
    from lacunar.traits.data.schema import read_schema
    from lacunar.traits.environment import require_torch
    from lacunar.traits.fit import fit_traits, remove_checkpoints
    from lacunar.traits.to_json import fit_document

    require_torch()
    with single_error() as processes:
        check_in_first(processes, partial(check_destination, output, force=force))
        check_in_first(processes, partial(check_checkpoint, checkpoint_dir, output))
        check_workers(workers, processes)
        config = _config(preset, no_augment, no_mirror, options)
        train, test = read_layout(data, read_schema(schema) if schema else None)
        is_first = processes.rank == 0
        if is_first:
            print_intake(train, test)
            warn_of_restarts(checkpoint_dir)
            print_beginning(checkpoint_dir, processes)
        with progress(shown=is_first) as report:
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
                progress=log if is_first else None,
                reading=partial(report, "decoding images"),
                checkpoint_dir=checkpoint_dir,
                cache_dir=cache_dir,
                processes=processes,
            )
        # Inside the block: the other processes wait until the model is saved, and a failure to
        # save it ends them all.
        if is_first:
            save_traits(model, output, force=force)
            if checkpoint_dir is not None:
                remove_checkpoints(checkpoint_dir)
    if not is_first:
        return
    if json:
        emit_json({"model": str(output), **fit_document(model)})
        return
    print_summary(model)
    out.print(f"Model written to {output}", soft_wrap=True)


def _config(preset: str, no_augment: bool, no_mirror: bool, options: TraitsOptions) -> TraitsConfig:
    from lacunar.traits.config import TraitsConfig

    fixed = {"augmentation": None} if no_augment else {}
    config = validated(partial(TraitsConfig.of_preset, preset, **fixed), **options)
    if options["validation"] is not None and config.folds:
        raise InputError(
            f"expected `folds` of 0 with it, got {config.folds} folds, each of which serves as"
            " validation images once",
            field="validation",
        )
    if options["patience"] is not None and not config.chooses_epoch:
        raise InputError(
            "expected `preset` source with it, got a preset that always trains"
            f" {config.max_epochs} epochs",
            field="patience",
        )
    return config.without_mirror() if no_mirror else config


def _workers(config: TraitsConfig, processes: ProcessGroup) -> int:
    # Processes that train together have each taken a GPU; choosing one here would open another.
    if processes.size > 1:
        return 1
    from lacunar.traits.networks.device import choose_device

    return (os.cpu_count() or 1) if choose_device(config.device).type == "cpu" else 1
