"""Evaluation, confidences and operating points of a model on held-out and test images."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.label_counts import LabelCounts, count_labels, largest_classes
from lacunar.traits.evaluate.evaluation import evaluate_answers
from lacunar.traits.evaluate.operating_points import operating_points_of
from lacunar.traits.model import TraitsModel, answers
from lacunar.traits.networks.layer_table import layer_table
from lacunar.traits.training.distributed import ProcessGroup

if TYPE_CHECKING:
    from lacunar.traits.networks.ensemble import Ensemble


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions for the n images of a split, and their labels.

    Parameters
    ----------
    labels : int64 array of shape (n, A)
        -1 where unknown.
    logits : sequence of A arrays of shape (n, C_a)
    probabilities : list of A float64 arrays of shape (n, C_a)
        Calibrated.
    """

    labels: NDArray[np.int64]
    logits: Sequence[NDArray[np.floating]]
    probabilities: list[NDArray[np.float64]]


def assess(
    model: TraitsModel,
    train: LabelledImages,
    test: LabelledImages | None,
    test_images: ImageArray | None,
    processes: ProcessGroup,
) -> TraitsModel:
    """Return a model with its layers, label counts and scores.

    Parameters
    ----------
    model : TraitsModel
        With networks, out-of-fold predictions and a calibrator.
    train : LabelledImages
    test : LabelledImages, optional
    test_images : ImageArray, optional
        The decoded images of ``test``.
    processes : ProcessGroup
        Processes that share the prediction of the test images.

    Returns
    -------
    TraitsModel
        With evaluations, confidences and operating points of the held-out and the test images.
    """
    from lacunar.traits.networks.build import restore_networks

    config, schema = model.config, model.schema
    ensemble = restore_networks(config, schema, model.states)
    predictions = {config.evaluated_split: _held_out_predictions(model, train)}
    if test is not None:
        assert test_images is not None
        predictions["test"] = _test_predictions(model, test, test_images, ensemble, processes)
    model = replace(
        model,
        layers=tuple(layer_table(ensemble.networks[0], height=config.height, width=config.width)),
        counts=_count_splits(model, train, test),
    )
    largest = largest_classes(model.counts["train"])
    return replace(
        model,
        evaluations={
            split: evaluate_answers(
                schema, made.labels, answers(made.logits), largest, seed=config.seed
            )
            for split, made in predictions.items()
        },
        confidences={
            split: model.calibrator.measure(
                schema, made.labels, made.logits, made.probabilities, seed=config.seed
            )
            for split, made in predictions.items()
        },
        operating_points={
            split: operating_points_of(made.labels, made.probabilities, model.shares)
            for split, made in predictions.items()
        },
    )


def _held_out_predictions(model: TraitsModel, train: LabelledImages) -> Predictions:
    out_of_fold = model.out_of_fold
    return Predictions(
        train.labels[out_of_fold.rows], out_of_fold.pooled(), out_of_fold.calibrated(train.labels)
    )


def _test_predictions(
    model: TraitsModel,
    test: LabelledImages,
    images: ImageArray,
    ensemble: Ensemble,
    processes: ProcessGroup,
) -> Predictions:
    from lacunar.traits.networks.device import one_thread
    from lacunar.traits.training.distributed_inference import predict_together

    # The networks of the folds were trained and validated on one thread.
    with one_thread() if model.config.folds else nullcontext():
        logits = predict_together(processes, ensemble, images)
    return Predictions(test.labels, logits, calibrated(logits, model.calibrator.temperatures))


def _count_splits(
    model: TraitsModel, train: LabelledImages, test: LabelledImages | None
) -> dict[str, LabelCounts]:
    # With folds every image is fitted to by some networks, and held out of others.
    labels = {"train": train.labels}
    if not model.config.folds:
        held_out = model.out_of_fold.rows
        labels["train"] = np.delete(train.labels, held_out, axis=0)
        labels["validation"] = train.labels[held_out]
    if test is not None:
        labels["test"] = test.labels
    return {split: count_labels(each, train.schema) for split, each in labels.items()}
