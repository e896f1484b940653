"""The images of an audit: the training part, then the test part, with common indices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.reprs import short_repr
from lacunar.traits.data.dataset import LabelledImages, SplitName
from lacunar.traits.data.images import Picture
from lacunar.traits.data.schema import UNKNOWN, Schema


@dataclass(frozen=True, slots=True)
class AuditedImages:
    """N images of one data set: the rows of the training part, then those of the test part.

    Parameters
    ----------
    train : LabelledImages
    test : LabelledImages, optional
        With the same attributes as the training part.
    """

    train: LabelledImages
    test: LabelledImages | None = None

    def __post_init__(self) -> None:
        if self.test is not None and _classes(self.test.schema) != _classes(self.schema):
            raise InputError(
                f"{self.test.origin}: expected the attributes and classes of"
                f" {self.train.origin}, got others"
            )

    def __repr__(self) -> str:
        return short_repr(
            "AuditedImages",
            [f"{len(dataset):,} {part} images" for part, dataset in self.datasets.items()],
        )

    def __len__(self) -> int:
        return len(self.train) + (0 if self.test is None else len(self.test))

    @property
    def schema(self) -> Schema:
        """Attributes of all images."""
        return self.train.schema

    @property
    def datasets(self) -> dict[SplitName, LabelledImages]:
        """The training part and, if there is one, the test part, by name."""
        train: dict[SplitName, LabelledImages] = {"train": self.train}
        return train if self.test is None else train | {"test": self.test}

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels of all images, shape (N, A)."""
        return np.concatenate([dataset.labels for dataset in self.datasets.values()])

    @property
    def in_test(self) -> NDArray[np.bool_]:
        """Mask of the images in the test part, shape (N,)."""
        return np.arange(len(self)) >= len(self.train)

    def place(self, image: int) -> tuple[SplitName, str]:
        """Part and file name of an image."""
        part, dataset, row = self._find(image)
        return part, dataset.names[row]

    def picture(self, image: int) -> Picture:
        """File of an image, or the image itself."""
        _, dataset, row = self._find(image)
        return dataset.pictures[row]

    def where(self, image: int) -> str:
        """Source file and line of an image, for messages."""
        _, dataset, row = self._find(image)
        return dataset.where(row)

    def conflicts(self, first: int, second: int) -> tuple[int, ...]:
        """Attributes whose labels are known for both of two images and differ."""
        one, other = self.labels[[first, second]]
        differ = (one != UNKNOWN) & (other != UNKNOWN) & (one != other)
        return tuple(np.flatnonzero(differ).tolist())

    def _find(self, image: int) -> tuple[SplitName, LabelledImages, int]:
        row = image - len(self.train)
        if row < 0 or self.test is None:
            return "train", self.train, image
        return "test", self.test, row


def _classes(schema: Schema) -> list[tuple[str, tuple[str, ...]]]:
    return [(attribute.name, attribute.classes) for attribute in schema.attributes]
