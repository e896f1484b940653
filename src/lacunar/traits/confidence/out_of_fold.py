"""What networks say of the images that they were trained without: all that is known of trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.confidence.temperature import cross_calibrated, pool_temperature, pooled_logits
from lacunar.traits.data.schema import Schema

# Parts in turn measured by temperatures of the others; enough that each is fitted to nearly all.
_PARTS = 10


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Answers of networks to N images that they were not trained on.

    Parameters
    ----------
    logits : tuple of A float32 array of shape (R, N, C_a)
        Of the R networks that do not know an image, in the order of the data; NaN where there is
        none.
    n_networks : int
        Networks that answer new images together.

    Examples
    --------
    >>> said = np.log(np.array([[[0.5, 0.5], [0.9, 0.1]], [[0.5, 0.5], [0.7, 0.3]]], np.float32))
    >>> out_of_fold = OutOfFold((said,), n_networks=2)
    >>> out_of_fold.rows.tolist(), np.exp(out_of_fold.pooled()[0]).round(2).tolist()
    ([0, 1], [[0.5, 0.5], [0.8, 0.2]])
    """

    logits: tuple[NDArray[np.float32], ...]
    n_networks: int

    @property
    def rows(self) -> NDArray[np.intp]:
        """Images that some network was trained without."""
        return np.flatnonzero(np.isfinite(self.logits[0]).all(axis=(0, 2)))

    def pooled(self) -> list[NDArray[np.float64]]:
        """Logarithms of the mean probabilities for :attr:`rows`, (n, C_a) each."""
        return pooled_logits([[output[repeat] for output in self._new()] for repeat in self._all()])

    def temperatures(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Fit the temperatures of the answers that all networks give together, shape (A,).

        Parameters
        ----------
        labels : int64 array of shape (N, A)
            -1 where unknown.
        """
        known = labels[self.rows]
        return np.array(
            [
                pool_temperature(list(output), known[:, position], self.n_networks)
                for position, output in enumerate(self._new())
            ]
        )

    def calibrated(self, labels: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        """Probabilities for :attr:`rows`, at temperatures fitted to other images than each.

        Parameters
        ----------
        labels : int64 array of shape (N, A)
            -1 where unknown.
        """
        pooled, rows = self.pooled(), self.rows
        return cross_calibrated(pooled, labels[rows], np.arange(len(rows)) % _PARTS)

    def _all(self) -> range:
        return range(len(self.logits[0]))

    def _new(self) -> list[NDArray[np.float32]]:
        rows = self.rows
        return [output[:, rows] for output in self.logits]


def gather_out_of_fold(
    schema: Schema,
    n_images: int,
    rows: Sequence[NDArray[np.intp]],
    logits: Sequence[Sequence[NDArray[np.float32]]],
    *,
    n_networks: int,
) -> OutOfFold:
    """Put together what each of M networks says of the images it was trained without.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes.
    n_images : int
    rows : sequence of M int array
        Of the images; each image is in as many as any other or in none.
    logits : sequence of M sequences of A float32 array of shape (n, C_a)
    n_networks : int
        Networks that answer new images together; these or others.
    """
    answered = np.zeros(n_images, np.intp)
    repeats = int(np.bincount(np.concatenate(rows)).max())
    found = tuple(
        np.full((repeats, n_images, len(attribute.classes)), np.nan, np.float32)
        for attribute in schema.attributes
    )
    for own, outputs in zip(rows, logits, strict=True):
        for whole, output in zip(found, outputs, strict=True):
            whole[answered[own], own] = output
        answered[own] += 1
    return OutOfFold(found, n_networks=n_networks)
