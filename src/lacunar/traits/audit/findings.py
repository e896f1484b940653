"""An audit of labelled images, from files and predictions to findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StageProgress
from lacunar.errors import InputError
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.duplicates import Duplicate, find_duplicates, groups_of
from lacunar.traits.audit.image_measures import ImageMeasures, measure_images
from lacunar.traits.audit.image_quality import LowQuality, Threshold, find_low_quality
from lacunar.traits.audit.missing_labels import RankedGaps, rank_gaps
from lacunar.traits.audit.shift import Shift, find_shift
from lacunar.traits.audit.wrong_labels import RankedLabels, rank_labels
from lacunar.traits.data.dataset import LabelledImages, SplitName
from lacunar.traits.data.label_counts import LabelCounts, count_labels
from lacunar.traits.data.schema import UNKNOWN, Schema

# How far a sum of probabilities may be from 1 by rounding alone.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class AuditFindings:
    """What is wrong with a data set, and what is missing from it.

    Images are numbered through the parts: those to train on first.

    Parameters
    ----------
    parts : AuditedImages
        N images.
    measures : ImageMeasures
        Of the same.
    wrong_labels : RankedLabels, optional
        None without predictions.
    gaps : RankedGaps, optional
        Of the training part; None without predictions.
    low_quality : tuple of LowQuality
    thresholds : tuple of Threshold
    duplicates : tuple of Duplicate
    groups : int array of shape (N,)
        Copies, and copies of copies, have one number.
    counts : dict of str to LabelCounts
        By part.
    shift : tuple of Shift
        Empty without a test part.
    """

    parts: AuditedImages
    measures: ImageMeasures
    wrong_labels: RankedLabels | None
    gaps: RankedGaps | None
    low_quality: tuple[LowQuality, ...]
    thresholds: tuple[Threshold, ...]
    duplicates: tuple[Duplicate, ...]
    groups: NDArray[np.intp]
    counts: dict[SplitName, LabelCounts]
    shift: tuple[Shift, ...]

    @property
    def schema(self) -> Schema:
        """Attributes of all images."""
        return self.parts.schema

    @property
    def across(self) -> tuple[Duplicate, ...]:
        """Copies of which one is to be trained on and one to be tested on."""
        in_test = self.parts.in_test
        return tuple(
            pair for pair in self.duplicates if in_test[pair.first] != in_test[pair.second]
        )

    def conflicts(self, pair: Duplicate) -> tuple[int, ...]:
        """Attributes whose labels are known of both images of a pair and differ."""
        labels = self.parts.labels
        first, second = labels[pair.first], labels[pair.second]
        differ = (first != UNKNOWN) & (second != UNKNOWN) & (first != second)
        return tuple(np.flatnonzero(differ).tolist())

    def absent(self, part: SplitName) -> list[tuple[int, int]]:
        """Attribute and class of which a part has no label."""
        return [
            (attribute, label)
            for attribute, count in enumerate(self.counts[part])
            for label in np.flatnonzero(count[1:] == 0).tolist()
        ]


def audit_images(
    train: LabelledImages,
    test: LabelledImages | None = None,
    probabilities: Sequence[NDArray[np.float64]] | None = None,
    *,
    test_probabilities: Sequence[NDArray[np.float64]] | None = None,
    progress: StageProgress | None = None,
    seed: int = 0,
) -> AuditFindings:
    r"""Audit the images and labels of a data set.

    Parameters
    ----------
    train : LabelledImages
        A attributes of C_a classes.
    test : LabelledImages, optional
    probabilities : sequence of A float64 arrays of shape (N_train, C_a), optional
        Calibrated, of each training image by a model that was not fitted to it. Without them
        wrong labels and gaps are left out.
    test_probabilities : sequence of A float64 arrays of shape (N_test, C_a), optional
        With them the labels of the test part are audited as well.
    progress : callable, optional
        Called with a stage, the steps that are done and their number.
    seed : int
        Of the permutations that the shift between the parts is tested by.

    Raises
    ------
    InputError
        If an image cannot be read, the parts have other attributes, or probabilities are not of
        these images.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lacunar.datasets.people.sample import sample_people, write_people
    >>> from lacunar.traits.data.dataset import read_layout
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=9, n_test=3, duplicates=1), Path(folder))
    ...     found = audit_images(*read_layout(Path(folder)))
    >>> len(found.duplicates), found.wrong_labels
    (1, None)
    """
    parts = AuditedImages(train, test)
    known = _joined(parts, probabilities, test_probabilities)
    measures = measure_images(parts, progress=_stage(progress, "measuring images"))
    low_quality, thresholds = find_low_quality(measures)
    duplicates = find_duplicates(parts, measures, progress=_stage(progress, "comparing images"))
    groups = groups_of(duplicates, len(parts))
    counts = {
        part: count_labels(dataset.labels, parts.schema) for part, dataset in parts.datasets.items()
    }
    return AuditFindings(
        parts=parts,
        measures=measures,
        wrong_labels=None if known is None else rank_labels(parts.labels[: len(known[0])], known),
        gaps=None
        if probabilities is None
        else rank_gaps(train.labels, probabilities, groups=groups[: len(train)]),
        low_quality=low_quality,
        thresholds=thresholds,
        duplicates=duplicates,
        groups=groups,
        counts=counts,
        shift=()
        if test is None
        else find_shift(
            parts.schema, counts["train"], counts["test"], measures, parts.in_test, seed=seed
        ),
    )


def _joined(
    parts: AuditedImages,
    train: Sequence[NDArray[np.float64]] | None,
    test: Sequence[NDArray[np.float64]] | None,
) -> list[NDArray[np.float64]] | None:
    """Probabilities of the images from the first on, those of the test part last."""
    if train is None:
        return None
    _check(parts, train, len(parts.train))
    if test is None or parts.test is None:
        return list(train)
    _check(parts, test, len(parts.test))
    return [np.concatenate(pair) for pair in zip(train, test, strict=True)]


def _check(parts: AuditedImages, probabilities: Sequence[NDArray[np.float64]], n: int) -> None:
    expected = [(n, len(attribute.classes)) for attribute in parts.schema.attributes]
    got = [found.shape for found in probabilities]
    if got != expected:
        raise InputError(f"expected probabilities of the shapes {expected}, got {got}")
    for name, found in zip(parts.schema.names, probabilities, strict=True):
        if not (np.all(found >= 0) and np.allclose(found.sum(axis=1), 1, atol=_ROUNDING)):
            raise InputError(f"{name}: expected probabilities that sum to 1, got others")


def _stage(progress: StageProgress | None, stage: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(stage, done, total)
