"""Fitting a traits model: plan, decode, train, assess."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lacunar.aliases import AnyPath, StepProgress
from lacunar.errors import InputError
from lacunar.progress import shown_progress
from lacunar.traits.assess import assess
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.out_of_fold import gather_out_of_fold
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import check_attributes, digest_of, fingerprint
from lacunar.traits.decode import decode_images, label_digests
from lacunar.traits.environment import Machine, require_torch
from lacunar.traits.model import TraitsModel
from lacunar.traits.networks.pretrained import read_start
from lacunar.traits.plan import Split, plan_networks, plan_splits
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup
from lacunar.traits.training.epoch_progress import EpochProgress
from lacunar.traits.training.workers import (
    NetworkProgress,
    TrainedNetwork,
    TrainingTask,
    train_networks,
)

_LIBRARIES = ("numpy", "pillow", "torch")


def fit_traits(
    train: LabelledImages,
    config: TraitsConfig | None = None,
    *,
    test: LabelledImages | None = None,
    workers: int = 1,
    progress: bool | NetworkProgress | None = None,
    reading: StepProgress | None = None,
    checkpoint_dir: AnyPath | None = None,
    cache_dir: AnyPath | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> TraitsModel:
    """Train networks that predict the attributes of images, and evaluate them.

    With folds (the default) the images are cross-validated: each network is fitted without some of
    the folds and predicts those. Temperatures, abstention thresholds and the evaluation come from
    these out-of-fold predictions. More networks, fitted to all images, predict new images together.
    Without folds one network is fitted, and validated on held-out images.

    Parameters
    ----------
    train : LabelledImages
        Images to learn from, for example from :func:`lacunar.read_dataset`. Labels may be unknown.
    config : TraitsConfig, optional
        Settings. Default: ``TraitsConfig()``.
    test : LabelledImages, optional
        Images for a final evaluation. Nothing is learned from them.
    workers : int
        Number of networks that are trained at the same time, each in its own process; see
        :func:`lacunar.traits.training.workers.train_networks`. It does not change the result.
    progress : bool or callable, optional
        By default a terminal or notebook shows bars; True shows plain lines elsewhere too, False
        nothing. A callable is called after each epoch with the index of the network, from 0, and
        the :class:`~lacunar.traits.training.history.Epoch`.
    reading : callable, optional
        Called with the number of images decoded so far, and the number of images.
    checkpoint_dir : path-like, optional
        Folder in which every epoch is saved. A fit that was killed continues from there, and
        returns the same bytes as an uninterrupted one.
    cache_dir : path-like, optional
        Folder for decoded images; see :func:`lacunar.traits.data.image_cache.default_cache_dir`.
    processes : ProcessGroup
        Processes that all call this function with the same arguments and all get the same model;
        see :func:`lacunar.traits.training.distributed.joined`.

    Returns
    -------
    TraitsModel

    Raises
    ------
    InputError
        If PyTorch is missing, settings contradict each other, there are too few images, an
        attribute has no known label among the images to train on, an image cannot be read, the
        loss is not finite, the checkpoint is of another fit, or processes were given different
        arguments or one of them ended.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar.datasets.people.sample import sample_people, write_people
    >>> from lacunar.traits.data.dataset import read_dataset
    >>> config = TraitsConfig(folds=2, refit=1, max_epochs=1, device="cpu")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=24, n_test=8), Path(folder))
    ...     train, test = read_dataset(folder), read_dataset(folder, part="test")
    ...     model = fit_traits(train, config, test=test, cache_dir=Path(folder, "cache"))
    >>> model.schema.names[:3]
    ('gender', 'torso_type', 'torso_colour')
    >>> list(model.evaluations), model.evaluations["test"].confusions[0].shape
    (['out-of-fold', 'test'], (2, 2))
    """
    require_torch()
    config = config or TraitsConfig()
    checkpoint_dir = None if checkpoint_dir is None else Path(checkpoint_dir)
    cache_dir = None if cache_dir is None else Path(cache_dir)
    _check_refit(config)
    if test is not None:
        check_attributes(train.schema, test)
    shown = False if callable(progress) or processes.rank else progress
    with shown_progress(shown) as report:
        counted = EpochProgress(
            report,
            config.max_epochs,
            config.n_networks,
            config.patience if config.chooses_epoch else None,
        )
        return _fit(
            train,
            config,
            test,
            workers=workers,
            progress=progress if callable(progress) else counted,
            reading=reading or partial(report, "decoding images"),
            checkpoint_dir=checkpoint_dir,
            cache_dir=cache_dir,
            processes=processes,
        )


def _fit(
    train: LabelledImages,
    config: TraitsConfig,
    test: LabelledImages | None,
    *,
    workers: int,
    progress: NetworkProgress,
    reading: StepProgress,
    checkpoint_dir: Path | None,
    cache_dir: Path | None,
    processes: ProcessGroup,
) -> TraitsModel:
    splits = plan_splits(train, config)
    machine = _choose_machine(config, processes)
    versions = {name: version(name) for name in _LIBRARIES}
    _check_same(processes, train, test, config, versions, machine)
    images, test_images = decode_images(
        processes, train, test, config, cache_dir=cache_dir, reading=reading
    )
    digest = fingerprint(train, images)
    start = None if config.starts_from == "random" else read_start(config.starts_from)
    specs = plan_networks(
        splits,
        len(train),
        config,
        origin=[digest, versions, *([] if start is None else [start.digest])],
        checkpoint_dir=checkpoint_dir,
    )
    trained = train_networks(
        TrainingTask(images, train.labels, train.schema, start, cache_dir),
        specs,
        workers=workers,
        progress=progress,
        processes=processes,
    )
    model = _collect(
        train,
        splits,
        trained,
        config,
        intake={"train": train.intake} | ({} if test is None else {"test": test.intake}),
        fingerprint=digest,
        versions=versions,
        start=None if start is None else start.start_for(train.schema),
        machine=machine,
    )
    return assess(model, train, test, test_images, processes)


def _collect(
    train: LabelledImages,
    splits: Sequence[Split],
    trained: Sequence[TrainedNetwork],
    config: TraitsConfig,
    **origin: Any,
) -> TraitsModel:
    """Return the model of trained networks, with out-of-fold predictions and without scores."""
    # Without networks fitted to all images, those of the splits predict new images.
    validated, predicting = trained[: len(splits)], trained[len(splits) :] or trained
    out_of_fold = gather_out_of_fold(
        train.schema,
        len(train),
        [split.held_out for split in splits],
        [network.logits for network in validated],
        n_networks=len(predicting),
    )
    return TraitsModel(
        config=config,
        schema=train.schema,
        states=tuple(network.state for network in predicting),
        layers=(),
        histories=tuple(network.history for network in validated),
        counts={},
        evaluations={},
        confidences={},
        out_of_fold=out_of_fold,
        calibrator=Calibrator.learn(
            out_of_fold, train.labels, wanted_accuracy=config.wanted_accuracy
        ),
        **origin,
    )


def has_checkpoints(folder: Path) -> bool:
    """Return whether a fit has saved an epoch of one of its networks in a folder."""
    from lacunar.traits.training.checkpoint import has_checkpoint

    return any(map(has_checkpoint, (folder, *folder.glob("network-*"))))


def remove_checkpoints(folder: Path) -> None:
    """Delete the checkpoints that a fit wrote to a folder."""
    from lacunar.traits.training.checkpoint import remove_checkpoint

    for own in sorted(folder.glob("network-*")):
        remove_checkpoint(own)
    remove_checkpoint(folder)


def _check_refit(config: TraitsConfig) -> None:
    if config.folds and config.refit and config.chooses_epoch:
        raise InputError(
            f"expected 0 where images choose the epoch (preset {config.preset}), got"
            f" {config.refit}: networks trained on all images have none left to choose by",
            field="refit",
        )


def _choose_machine(config: TraitsConfig, processes: ProcessGroup) -> Machine:
    from lacunar.traits.networks.device import choose_device, choose_precision

    processes.take_device(config.device)
    device = choose_device(config.device)
    precision = str(choose_precision(config.precision, device)).removeprefix("torch.")
    return Machine(device.type, precision, processes.size)


def _check_same(
    processes: ProcessGroup,
    train: LabelledImages,
    test: LabelledImages | None,
    config: TraitsConfig,
    versions: dict[str, str],
    machine: Machine,
) -> None:
    """Check that all processes have the same settings, libraries, devices and labels."""
    processes.wait_for_all()
    processes.check_same(
        {
            "settings": digest_of(config.model_dump(mode="json")),
            "versions of libraries": versions,
            "devices": f"{machine.device} in {machine.precision}",
            **label_digests(train, test),
        }
    )
