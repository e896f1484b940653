"""Generated pictures of pedestrians with six labels each, similar to surveillance crops.

Every picture is drawn from its labels, so all labels are true unless wrong labels are planted. The
layout, the classes and their counts are those of the six-attribute task on pedestrian crops such as
PETA's (Deng et al. 2014, "Pedestrian attribute recognition at far distance").
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.datasets.people.camera import Flaw, draw_shot, spoil, take
from lacunar.datasets.people.labels import COLUMNS, COUNTS, SplitName, draw_labels
from lacunar.datasets.people.look import draw_look
from lacunar.datasets.people.planting import (
    Plan,
    PlantedTruth,
    near_duplicate,
    plan_faults,
    planted_truth,
)
from lacunar.datasets.png import encode_png
from lacunar.errors import InputError

_FOLDERS: dict[SplitName, str] = {"train": "Train", "test": "Test"}


@dataclass(frozen=True, slots=True)
class PeoplePart:
    """N pictures with labels: the training or the test part of a sample.

    Attributes
    ----------
    filenames : tuple of str
    labels : ndarray of shape (N, 6), int64
        In the order of :data:`lacunar.datasets.people.labels.COLUMNS`, unknown as -1.
    images : list of ndarrays of shape (H, W, 3), uint8
        Each of its own size.
    """

    filenames: tuple[str, ...]
    labels: NDArray[np.int64]
    images: list[NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class PeopleSample:
    """Training and test pictures, and the planted faults."""

    train: PeoplePart
    test: PeoplePart
    truth: PlantedTruth


def sample_people(
    *,
    n_train: int = 520,
    n_test: int = 196,
    wrong_labels: int = 0,
    bad_images: int = 0,
    duplicates: int = 0,
    evenness: float = 0.0,
    seed: int = 0,
) -> PeopleSample:
    """Generate labelled pictures of pedestrians.

    Parameters
    ----------
    n_train, n_test : int
        Number of pictures; the class proportions are those of 520 and 196 pictures.
    wrong_labels : int
        Number of labels that are changed to another class after the pictures are drawn.
    bad_images : int
        Number of pictures with a flaw, of six kinds in turn.
    duplicates : int
        Number of pictures that are replaced, with their labels, by an exact or near copy of
        another picture of the same part or the other.
    evenness : float
        From 0, original class frequencies, to 1, equal frequencies; see
        :func:`lacunar.datasets.people.labels.even_out`.
    seed : int
        Not negative. The same arguments give the same pixels and labels, on any machine.

    Returns
    -------
    PeopleSample
        Without planted faults the class counts are exact.

    Raises
    ------
    InputError
        If a size is below 1, a number of faults or the seed is negative, or there are more faults
        than pictures (a duplicate counts as two).

    Examples
    --------
    >>> sample = sample_people(n_train=4, n_test=2, seed=1)
    >>> sample.train.filenames[0], sample.train.images[0].shape
    ('person_0001.png', (128, 48, 3))
    >>> sample.train.labels.shape
    (4, 6)
    """
    _check_sizes(n_train, n_test, wrong_labels, bad_images, duplicates, seed)
    if not 0 <= evenness <= 1:
        raise InputError(f"expected an evenness from 0 to 1, got {evenness}")
    dealt = [
        draw_labels(
            part,
            n,
            np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, p))),
            evenness=evenness,
        )
        for p, (part, n) in enumerate(zip(COUNTS, (n_train, n_test), strict=True))
    ]
    labels = np.concatenate(dealt)
    plan = plan_faults(
        labels,
        n_train,
        wrong_labels=wrong_labels,
        bad_images=bad_images,
        duplicates=duplicates,
        rng=np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,))),
    )
    for second, (first, _) in plan.copies.items():
        labels[second] = labels[first]
    pictures = _draw_pictures(labels, plan, seed)
    files: list[tuple[SplitName, str]] = [
        ("train" if row < n_train else "test", f"person_{row + 1:04d}.png")
        for row in range(len(labels))
    ]
    given = labels.copy()
    for row, (column, label) in plan.wrong.items():
        given[row, column] = label
    names = tuple(name for _, name in files)
    return PeopleSample(
        train=_part(names[:n_train], given[:n_train], pictures[:n_train]),
        test=_part(names[n_train:], given[n_train:], pictures[n_train:]),
        truth=planted_truth(plan, labels, files),
    )


def write_people(sample: PeopleSample, directory: Path) -> None:
    """Write the pictures and the two label files.

    The layout is ``Train_Data/Train.csv``, ``Train_Data/Originals/person_0001.png`` and so on, and
    the same in ``Test_Data``. A label file is written after the pictures that it names.

    Parameters
    ----------
    sample : PeopleSample
    directory : Path
        Made if missing; files of these names in it are replaced. The bytes depend only on the
        sample.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=2, n_test=1), Path(folder))
    ...     sorted(path.name for path in Path(folder, "Train_Data").iterdir())
    ['Originals', 'Train.csv']
    """
    parts: dict[SplitName, PeoplePart] = {"train": sample.train, "test": sample.test}
    for name, part in parts.items():
        home = directory / f"{_FOLDERS[name]}_Data"
        originals = home / "Originals"
        originals.mkdir(parents=True, exist_ok=True)
        for filename, image in zip(part.filenames, part.images, strict=True):
            (originals / filename).write_bytes(encode_png(image))
        rows = [",".join(("filename", *COLUMNS))]
        for filename, labels in zip(part.filenames, part.labels.tolist(), strict=True):
            rows.append(",".join((filename, *map(str, labels))))
        text = "\n".join(rows) + "\n"
        (home / f"{_FOLDERS[name]}.csv").write_text(text, encoding="utf-8", newline="\n")


def _check_sizes(
    n_train: int, n_test: int, wrong_labels: int, bad_images: int, duplicates: int, seed: int
) -> None:
    for name, n in (("n_train", n_train), ("n_test", n_test)):
        if n < 1:
            raise InputError(f"expected at least 1, got {n}", field=name)
    faults = {"wrong_labels": wrong_labels, "bad_images": bad_images, "duplicates": duplicates}
    for name, number in faults.items():
        if number < 0:
            raise InputError(f"expected 0 or more, got {number}", field=name)
    taken = wrong_labels + bad_images + 2 * duplicates
    if taken > n_train + n_test:
        raise InputError(
            f"expected faults for at most {n_train + n_test} pictures, one each and two for a "
            f"duplicate, got faults for {taken}"
        )
    if seed < 0:
        raise InputError(f"expected 0 or more, got {seed}", field="seed")


def _draw_pictures(labels: NDArray[np.int64], plan: Plan, seed: int) -> list[NDArray[np.uint8]]:
    pictures: dict[int, NDArray[np.uint8]] = {}
    for row in range(len(labels)):
        if row not in plan.copies:
            pictures[row] = _draw_picture(labels[row], plan.flaws.get(row), _rng_of(row, seed))
    for second, (first, exact) in plan.copies.items():
        copied = pictures[first]
        pictures[second] = copied if exact else near_duplicate(copied, _rng_of(second, seed))
    return [pictures[row] for row in range(len(labels))]


def _draw_picture(
    labels: NDArray[np.int64], flaw: Flaw | None, rng: np.random.Generator
) -> NDArray[np.uint8]:
    look = draw_look(labels.tolist(), rng)
    shot = draw_shot(rng)
    return take(look, spoil(shot, flaw) if flaw else shot, rng)


def _rng_of(row: int, seed: int) -> np.random.Generator:
    # A picture does not depend on the number of pictures.
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2, row)))


def _part(
    filenames: tuple[str, ...], labels: NDArray[np.int64], pictures: list[NDArray[np.uint8]]
) -> PeoplePart:
    # An exact duplicate is an array of its own.
    return PeoplePart(filenames, labels, [image.copy() for image in pictures])
