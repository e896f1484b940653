"""Audits of labelled images: wrong labels, missing labels, bad images, duplicates, shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StageProgress
from lacunar.errors import InputError
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.progress import shown_progress
from lacunar.reprs import html_table, short_repr
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.duplicates import Duplicate, find_duplicates, groups_of
from lacunar.traits.audit.finding_rows import (
    FindingKind,
    bad_image_document,
    copies_document,
    finding_table,
    gap_rows,
    wrong_label_rows,
)
from lacunar.traits.audit.image_measures import ImageMeasures, measure_images
from lacunar.traits.audit.image_quality import LowQuality, Threshold, find_low_quality
from lacunar.traits.audit.json_schema import BadImage, CopyPair, Gap, WrongLabel
from lacunar.traits.audit.missing_labels import RankedGaps, rank_gaps
from lacunar.traits.audit.shift import Shift, find_shift
from lacunar.traits.audit.wrong_labels import RankedLabels, rank_labels
from lacunar.traits.data.dataset import LabelledImages, SplitName
from lacunar.traits.data.label_counts import LabelCounts, count_labels
from lacunar.traits.data.schema import UNKNOWN, Schema

# Tolerance for sums of rounded probabilities.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class AuditFindings:
    """Problems of a data set, found by an audit.

    The training images have the first indices, the test images the next.

    Parameters
    ----------
    images : AuditedImages
        N images.
    measures : ImageMeasures
        Measures of the same images.
    wrong_labels : RankedLabels, optional
        Labels by suspicion; None without predictions.
    gaps : RankedGaps, optional
        Missing labels of the training part, by value; None without predictions.
    low_quality : tuple of LowQuality
        Dark, blurred, tiny and otherwise unusual images.
    thresholds : tuple of Threshold
        Limits of ``low_quality`` in these data.
    duplicates : tuple of Duplicate
        Exact and near copies.
    groups : int array of shape (N,)
        The same number for copies, and for copies of copies.
    counts : dict of str to LabelCounts
        Label counts by part.
    shift : tuple of Shift
        Differences of the test part from the training part; empty without a test part.
    """

    images: AuditedImages
    measures: ImageMeasures
    wrong_labels: RankedLabels | None
    gaps: RankedGaps | None
    low_quality: tuple[LowQuality, ...]
    thresholds: tuple[Threshold, ...]
    duplicates: tuple[Duplicate, ...]
    groups: NDArray[np.intp]
    counts: dict[SplitName, LabelCounts]
    shift: tuple[Shift, ...]

    def __repr__(self) -> str:
        facts = [f"{name.lower()} {count:,}" for name, count in self._numbers.items()]
        return short_repr("AuditFindings", facts)

    def _repr_html_(self) -> str:
        rows = [(name, f"{count:,}") for name, count in self._numbers.items()]
        return html_table("Audit findings", [], rows)

    @property
    def _numbers(self) -> dict[str, int]:
        numbers = {"Images": len(self.images)}
        if self.wrong_labels is not None:
            numbers["Likely wrong labels"] = int(np.count_nonzero(self.wrong_labels.flagged))
        numbers["Unknown labels"] = int(np.count_nonzero(self.images.labels == UNKNOWN))
        numbers["Duplicate pairs"] = len(self.duplicates)
        numbers["Images of low quality"] = len(self.low_quality)
        if self.shift:
            numbers["Shifted measures"] = sum(shift.shifted for shift in self.shift)
        return numbers

    @property
    def schema(self) -> Schema:
        """Attributes of all images."""
        return self.images.schema

    @property
    def across(self) -> tuple[Duplicate, ...]:
        """Duplicates with one image in the training part and one in the test part."""
        in_test = self.images.in_test
        return tuple(
            pair for pair in self.duplicates if in_test[pair.first] != in_test[pair.second]
        )

    def conflicts(self, pair: Duplicate) -> tuple[int, ...]:
        """Attributes whose labels are known for both images of a pair and differ."""
        return self.images.conflicts(pair.first, pair.second)

    def absent(self, part: SplitName) -> list[tuple[int, int]]:
        """Attribute and class of each class that has no label in a part."""
        return [
            (attribute, label)
            for attribute, count in enumerate(self.counts[part])
            for label in np.flatnonzero(count[1:] == 0).tolist()
        ]

    def to_frame(self, what: FindingKind, kind: FrameKind = "pyarrow") -> Any:
        """Return one list of the JSON document of the audit as a frame, in the same order.

        Parameters
        ----------
        what : {"wrong_labels", "low_quality", "duplicates", "gaps"}
            Flagged labels, bad images, pairs of copies, or missing labels by value. The document
            has the pairs of copies under ``duplicate_pairs``.
        kind : {"pyarrow", "pandas", "polars"}
            Library of the frame.

        Returns
        -------
        Table or DataFrame
            ``wrong_labels``: image, part, attribute, given, suggested, confidence,
            given_probability. ``low_quality``: image, part, reasons. ``duplicates``: first_image,
            first_part, second_image, second_part, exact, mirrored, correlation, differ_in.
            ``gaps``: image, part, attribute, value, likely, probability.

        Raises
        ------
        InputError
            For wrong labels and gaps of an audit without predictions.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from lacunar import audit_images, read_dataset
        >>> from lacunar.datasets import sample_people, write_people
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_people(sample_people(n_train=9, n_test=3, duplicates=1), Path(folder))
        ...     findings = audit_images(read_dataset(folder), read_dataset(folder, part="test"))
        >>> frame = findings.to_frame("duplicates")
        >>> frame.num_rows, frame.column_names[:2]
        (1, ['first_image', 'first_part'])
        """
        return arrow_to_frame(finding_table(what, self._rows(what)), kind)

    def _rows(self, what: FindingKind) -> Sequence[WrongLabel | BadImage | CopyPair | Gap]:
        match what:
            case "low_quality":
                return [bad_image_document(self.images, image) for image in self.low_quality]
            case "duplicates":
                return [copies_document(self.images, pair) for pair in self.duplicates]
            case "wrong_labels" if self.wrong_labels is not None:
                return wrong_label_rows(self.images, self.wrong_labels)
            case "gaps" if self.gaps is not None:
                return gap_rows(self.images, self.gaps)
            case "wrong_labels" | "gaps":
                raise InputError(
                    f"expected an audit with predictions for {what}, got one without; pass"
                    " `probabilities` to audit_images",
                    field="what",
                )
            case _:
                raise InputError(
                    f"expected wrong_labels, low_quality, duplicates or gaps, got {what!r}",
                    field="what",
                )


def audit_images(
    train: LabelledImages,
    test: LabelledImages | None = None,
    probabilities: Sequence[NDArray[np.float64]] | None = None,
    *,
    test_probabilities: Sequence[NDArray[np.float64]] | None = None,
    progress: bool | StageProgress | None = None,
    seed: int = 0,
) -> AuditFindings:
    r"""Audit the images and labels of a data set.

    Images are checked for low quality and duplicates, the test part also for a shift from the
    training part. With predictions, labels are checked for errors, and missing labels are ranked by
    their value for training. Nothing is changed: a person reviews the findings, for example in the
    sheet of :func:`lacunar.traits.audit.write_corrections`.

    Parameters
    ----------
    train : LabelledImages
        A attributes of C_a classes.
    test : LabelledImages, optional
        The same attributes.
    probabilities : sequence of A float64 arrays of shape (N_train, C_a), optional
        Calibrated probabilities of each training image by a model that was not fitted to it; see
        :func:`lacunar.traits.audit.unseen_probabilities`. Without them, wrong and missing labels
        are not searched for.
    test_probabilities : sequence of A float64 arrays of shape (N_test, C_a), optional
        With them, the labels of the test part are checked as well.
    progress : bool or callable, optional
        Called with the name of a stage, its steps done and its steps in all; by default, bars in
        terminals and notebooks.
    seed : int
        Seed of the permutation tests for the shift.

    Returns
    -------
    AuditFindings

    Raises
    ------
    InputError
        If an image cannot be read, the parts have different attributes, or the probabilities have
        the wrong shape or do not add up to 1.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lacunar import read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=9, n_test=3, duplicates=1), Path(folder))
    ...     train, test = read_dataset(folder), read_dataset(folder, part="test")
    ...     findings = audit_images(train, test)
    >>> len(findings.images), len(findings.duplicates), findings.wrong_labels
    (12, 1, None)
    """
    images = AuditedImages(train, test)
    joined = _joined(images, probabilities, test_probabilities)
    with shown_progress(progress) as report:
        measures = measure_images(images, progress=partial(report, "measuring images"))
        low_quality, thresholds = find_low_quality(measures)
        duplicates = find_duplicates(images, measures, progress=partial(report, "comparing images"))
    groups = groups_of(duplicates, len(images))
    counts = {
        part: count_labels(dataset.labels, images.schema)
        for part, dataset in images.datasets.items()
    }
    return AuditFindings(
        images=images,
        measures=measures,
        wrong_labels=None
        if joined is None
        else rank_labels(images.labels[: len(joined[0])], joined),
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
            images.schema, counts["train"], counts["test"], measures, images.in_test, seed=seed
        ),
    )


def _joined(
    images: AuditedImages,
    train: Sequence[NDArray[np.float64]] | None,
    test: Sequence[NDArray[np.float64]] | None,
) -> list[NDArray[np.float64]] | None:
    """Probabilities of the training images, followed by the test images if they are given."""
    if train is None:
        return None
    _check(images, train, len(images.train))
    if test is None or images.test is None:
        return list(train)
    _check(images, test, len(images.test))
    return [np.concatenate(pair) for pair in zip(train, test, strict=True)]


def _check(images: AuditedImages, probabilities: Sequence[NDArray[np.float64]], n: int) -> None:
    expected = [(n, len(attribute.classes)) for attribute in images.schema.attributes]
    got = [output.shape for output in probabilities]
    if got != expected:
        raise InputError(f"expected probabilities of the shapes {expected}, got {got}")
    for name, output in zip(images.schema.names, probabilities, strict=True):
        if not (np.all(output >= 0) and np.allclose(output.sum(axis=1), 1, atol=_ROUNDING)):
            raise InputError(f"{name}: expected probabilities that sum to 1, got others")
