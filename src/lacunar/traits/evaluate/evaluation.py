"""Scores with bootstrap intervals, compared with always predicting the largest class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.reprs import html_table, short_repr
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import UNKNOWN, Schema
from lacunar.traits.evaluate.metrics import FIGURES, confusion_matrix, constant_confusion, scores

LEVEL = 0.95
_RESAMPLES = 1000
# Resampled labels in memory at once.
_PIECE = 2_000_000


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Predictions compared with true labels, for A attributes.

    Parameters
    ----------
    schema : Schema
    confusions : tuple of int64 array of shape (C_a, C_a)
        See :func:`lacunar.traits.evaluate.metrics.confusion_matrix`.
    unknown : int64 array of shape (A,)
        Number of images with an unknown label.
    largest : int64 array of shape (A,)
        Largest class of the training labels.
    intervals : float64 array of shape (A + 1, 4, 2)
        Ends of the 95 % interval of each score; the last row is the mean over the attributes. NaN
        if no label is known. See :func:`bootstrap_intervals`.
    """

    schema: Schema
    confusions: tuple[NDArray[np.int64], ...]
    unknown: NDArray[np.int64]
    largest: NDArray[np.int64]
    intervals: NDArray[np.float64]

    def __repr__(self) -> str:
        return short_repr("Evaluation", self.facts)

    def _repr_html_(self) -> str:
        names = [*self.schema.names, "mean"]
        rows = [
            (name, *(f"{number:.3f}" for number in row))
            for name, row in zip(names, self.scores.tolist(), strict=True)
        ]
        columns = ["Attribute", *(figure.replace("_", " ") for figure in FIGURES)]
        return html_table("Evaluation", columns, rows)

    @property
    def facts(self) -> list[str]:
        """The mean scores and the attributes, in short."""
        accuracy, macro_f1 = self.scores[-1, :2]
        names = self.schema.names
        return [
            f"mean accuracy {accuracy:.3f}",
            f"macro F1 {macro_f1:.3f}",
            f"{len(names)} attributes ({', '.join(names)})",
        ]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Scores of each attribute, then of the mean, shape (A + 1, 4)."""
        return with_mean([scores(confusion) for confusion in self.confusions])

    @property
    def baseline(self) -> NDArray[np.float64]:
        """The same scores if every prediction were the largest class, shape (A + 1, 4)."""
        pairs = zip(self.confusions, self.largest.tolist(), strict=True)
        return with_mean([scores(constant_confusion(*pair)) for pair in pairs])

    def to_frame(self, kind: FrameKind = "pyarrow") -> Any:
        """Return the scores as a frame, one row per attribute and score.

        Parameters
        ----------
        kind : {"pyarrow", "pandas", "polars"}
            Library of the frame.

        Returns
        -------
        Table or DataFrame
            ``attribute``, or the word mean in the last rows; ``metric``: accuracy, macro_f1,
            macro_f1_all, balanced_accuracy; ``value``; ``low`` and ``high``, the ends of the 95 %
            interval. Numbers are null if no label is known.

        Examples
        --------
        >>> from lacunar.traits.data.schema import Attribute
        >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
        >>> labels = np.zeros((5, 1), np.int64)
        >>> frame = evaluate_answers(schema, labels, labels, np.array([0])).to_frame()
        >>> frame.to_pylist()[0]
        {'attribute': 'coat', 'metric': 'accuracy', 'value': 1.0, 'low': 1.0, 'high': 1.0}
        """
        import pyarrow as pa

        names = [*self.schema.names, "mean"]
        low, high = np.moveaxis(self.intervals, -1, 0)
        numbers = {"value": self.scores, "low": low, "high": high}
        columns = {
            "attribute": pa.array(np.repeat(names, len(FIGURES)).tolist(), pa.string()),
            "metric": pa.array(FIGURES * len(names), pa.string()),
            **{
                name: pa.array(column.ravel(), pa.float64(), from_pandas=True)
                for name, column in numbers.items()
            },
        }
        return arrow_to_frame(pa.table(columns), kind)


def evaluate_answers(
    schema: Schema,
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    largest: NDArray[np.int64],
    *,
    seed: int = 0,
) -> Evaluation:
    """Compare predictions with true labels.

    Parameters
    ----------
    schema : Schema
        A attributes.
    truth : int64 array of shape (N, A)
        -1 where unknown.
    predicted : int64 array of shape (N, A)
    largest : int64 array of shape (A,)
        Class that the baseline predicts.
    seed : int
        Seed of the bootstrap.

    Examples
    --------
    >>> from lacunar.traits.data.schema import Attribute
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> truth, predicted = np.array([[0], [1], [0], [-1]]), np.array([[0], [1], [1], [1]])
    >>> evaluation = evaluate_answers(schema, truth, predicted, np.array([0]))
    >>> evaluation.scores[0].round(3).tolist(), evaluation.baseline[0].round(3).tolist()
    ([0.667, 0.667, 0.667, 0.75], [0.667, 0.4, 0.4, 0.5])
    """
    sizes = [len(attribute.classes) for attribute in schema.attributes]
    return Evaluation(
        schema=schema,
        confusions=tuple(
            confusion_matrix(truth[:, position], predicted[:, position], size)
            for position, size in enumerate(sizes)
        ),
        unknown=np.count_nonzero(truth == UNKNOWN, axis=0),
        largest=largest,
        intervals=bootstrap_intervals(truth, predicted, sizes, seed=seed),
    )


def bootstrap_intervals(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    n_classes: Sequence[int],
    *,
    resamples: int = _RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Compute percentile bootstrap intervals of the scores, over images.

    An image is drawn with all its labels, so that the interval of the mean includes the correlation
    between attributes. Some resamples contain no image of a rare class. So intervals of macro
    scores are slightly too high if a class is rare.

    Parameters
    ----------
    truth, predicted : int64 array of shape (N, A)
    n_classes : sequence of A int
    resamples : int
    level : float
        Share of the resamples inside an interval.
    seed : int

    Returns
    -------
    float64 array of shape (A + 1, 4, 2)
        Low and high ends; the last row is the mean over the attributes.

    Examples
    --------
    >>> always_right = np.zeros((5, 1), np.int64)
    >>> bootstrap_intervals(always_right, always_right, [2])[0, 0].tolist()
    [1.0, 1.0]
    """
    generator = np.random.default_rng(seed)
    at_once = max(1, _PIECE // max(len(truth), 1))
    pieces = []
    for first in range(0, resamples, at_once):
        size = (min(at_once, resamples - first), len(truth))
        rows = generator.integers(len(truth), size=size)  # (B, N)
        resampled = [
            scores(_confusions(truth[:, position], predicted[:, position], classes, rows))
            for position, classes in enumerate(n_classes)
        ]
        pieces.append(with_mean(resampled))  # (A + 1, B, 4)
    tails = (1 - level) / 2
    return _quantiles(np.concatenate(pieces, axis=1), [tails, 1 - tails])


def _confusions(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    n_classes: int,
    rows: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Confusion matrices of B resamples: rows (B, N) -> (B, C, C)."""
    n_resamples, n_cells = len(rows), n_classes**2
    # Unknown labels are counted in one extra cell, which is dropped.
    cells = np.where(truth == UNKNOWN, n_cells, truth * n_classes + predicted)
    offsets = np.arange(n_resamples)[:, np.newaxis] * (n_cells + 1)
    counts = np.bincount(
        (cells[rows] + offsets).ravel(), minlength=n_resamples * (n_cells + 1)
    ).reshape(n_resamples, n_cells + 1)
    return counts[:, :-1].reshape(n_resamples, n_classes, n_classes)


def with_mean(by_attribute: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """A arrays (..., 4) -> (A + 1, ..., 4); last the mean over attributes with known labels."""
    stacked = np.stack(by_attribute)
    known = ~np.isnan(stacked)
    total, count = np.where(known, stacked, 0).sum(axis=0), known.sum(axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.concatenate([stacked, mean[np.newaxis]])


def _quantiles(values: NDArray[np.float64], at: list[float]) -> NDArray[np.float64]:
    """Quantiles over the middle axis without NaN: (A, B, F) -> (A, F, len(at))."""
    quantiles = np.full((*values[:, 0].shape, len(at)), np.nan)
    for attribute, column in np.ndindex(quantiles.shape[:2]):
        known = values[attribute, :, column]
        known = known[~np.isnan(known)]
        if len(known):
            quantiles[attribute, column] = np.quantile(known, at)
    return quantiles


_OPTIMISTIC = "so that scores on new images are probably slightly lower"


def evaluated_images(part: str, config: TraitsConfig) -> str:
    """Describe the images of an evaluation, and their influence on the model, in words.

    Parameters
    ----------
    part : {"out-of-fold", "test", "validation"}
    config : TraitsConfig
        With a constant learning rate schedule, the validation images choose the epoch.

    Examples
    --------
    >>> evaluated_images("validation", TraitsConfig(folds=0))
    'the validation images, which were not used for training'
    >>> evaluated_images("validation", TraitsConfig.of_preset("source"))
    'the validation images, which were not used for training but chose the epoch, so that scores on
     new images are probably slightly lower'
    """
    if part == "test":
        return "the held-out test images"
    if part == "validation":
        unused = "the validation images, which were not used for training"
        return f"{unused} but chose the epoch, {_OPTIMISTIC}" if config.chooses_epoch else unused
    out_of_fold = "the training images, each predicted by the networks trained without it"
    if config.chooses_epoch:
        return f"{out_of_fold}, whose epochs it helped to choose, {_OPTIMISTIC}"
    return out_of_fold
