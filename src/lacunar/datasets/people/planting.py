"""Planted faults in a sample of pedestrians, for the evaluation of audits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.datasets.people.camera import FLAWS, Flaw
from lacunar.datasets.people.labels import COLUMNS, N_CLASSES, UNKNOWN, SplitName


@dataclass(frozen=True, slots=True)
class WrongLabel:
    """A cell of a label file that contradicts the picture."""

    part: SplitName
    filename: str
    column: str
    given: int
    true: int


@dataclass(frozen=True, slots=True)
class BadImage:
    """A picture with a flaw: dark, blown_out, blurred, low_contrast, tiny or off_aspect."""

    part: SplitName
    filename: str
    flaw: Flaw


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two files with the same picture.

    Attributes
    ----------
    first, second : tuple of part and filename
    exact : bool
        Whether all pixels are equal; otherwise the second is shifted, of another brightness and
        noisier.
    """

    first: tuple[SplitName, str]
    second: tuple[SplitName, str]
    exact: bool


@dataclass(frozen=True, slots=True)
class PlantedTruth:
    """All planted faults; each picture has at most one."""

    wrong_labels: tuple[WrongLabel, ...] = ()
    bad_images: tuple[BadImage, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows with a fault; training rows are numbered before test rows.

    Attributes
    ----------
    wrong : dict of row to (column number, given label)
    flaws : dict of row to flaw
    copies : dict of row to (copied row, whether exactly)
    """

    wrong: dict[int, tuple[int, int]]
    flaws: dict[int, Flaw]
    copies: dict[int, tuple[int, bool]]


def plan_faults(
    labels: NDArray[np.int64],
    n_train: int,
    *,
    wrong_labels: int,
    bad_images: int,
    duplicates: int,
    rng: np.random.Generator,
) -> Plan:
    """Draw the rows with a fault, at most one fault each.

    Flaws alternate. So do duplicates: exact within train, near across train and test, near within
    train, exact across train and test. If one part has no rows left, the other is used.

    Parameters
    ----------
    labels : ndarray of shape (n_train + n_test, 6)
        True labels of the pictures.
    n_train, wrong_labels, bad_images, duplicates : int
        Together at most as many faulty rows as there are rows; a duplicate counts as two.
    rng : numpy.random.Generator

    Returns
    -------
    Plan
    """
    rows = rng.permutation(len(labels)).tolist()
    flawed = [rows.pop() for _ in range(bad_images)]
    wrong = [rows.pop() for _ in range(wrong_labels)]
    train = [row for row in rows if row < n_train]
    test = [row for row in rows if row >= n_train]
    copies = {}
    for k in range(duplicates):
        across, exact = k % 2 == 1, k % 4 in {0, 3}
        first = (train or test).pop()
        second = ((test or train) if across else (train or test)).pop()
        copies[second] = (first, exact)
    return Plan(
        wrong={row: _mislabel(labels[row], rng) for row in sorted(wrong)},
        flaws={row: FLAWS[k % len(FLAWS)] for k, row in enumerate(flawed)},
        copies=copies,
    )


def near_duplicate(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture as another frame of one video: shifted, with another brightness, noisier.

    Examples
    --------
    >>> image = np.full((8, 6, 3), 100, np.uint8)
    >>> near = near_duplicate(image, np.random.default_rng(0))
    >>> bool(88 <= near.min() and near.max() <= 112)
    True
    """
    height, width = image.shape[:2]
    down, right = (int(step) for step in rng.choice((-2, -1, 1, 2), size=2))
    y = (np.arange(height) + down).clip(0, height - 1)[:, np.newaxis]
    x = (np.arange(width) + right).clip(0, width - 1)
    percent = int(rng.integers(94, 107))
    noise = rng.integers(-4, 5, size=image.shape)
    near = (image[y, x].astype(np.int64) * percent + 50) // 100 + noise
    return np.asarray(near.clip(0, 255), dtype=np.uint8)


def _mislabel(labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[int, int]:
    """A random column with a known label, and a wrong class for it."""
    known = np.flatnonzero(labels != UNKNOWN)
    column = int(known[int(rng.integers(len(known)))])
    n_classes = N_CLASSES[column]
    return column, int((labels[column] + 1 + rng.integers(n_classes - 1)) % n_classes)


def planted_truth(
    plan: Plan, labels: NDArray[np.int64], files: list[tuple[SplitName, str]]
) -> PlantedTruth:
    """The planned faults by part and file name; ``labels`` are the true ones."""
    return PlantedTruth(
        wrong_labels=tuple(
            WrongLabel(*files[row], COLUMNS[column], given, int(labels[row, column]))
            for row, (column, given) in sorted(plan.wrong.items())
        ),
        bad_images=tuple(BadImage(*files[row], flaw) for row, flaw in sorted(plan.flaws.items())),
        duplicates=tuple(
            Duplicate(files[first], files[second], exact)
            for second, (first, exact) in sorted(plan.copies.items())
        ),
    )
