"""Out-of-fold logits: of each training image, from the networks trained without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.reprs import short_repr
from lacunar.traits.confidence.temperature import cross_calibrated, pool_temperature, pooled_logits
from lacunar.traits.data.schema import Schema

# Folds for cross-calibration; many, so that each temperature is fitted to nearly all images.
_PARTS = 10


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Logits of N images from networks that were not trained on them.

    Parameters
    ----------
    logits : tuple of A float32 array of shape (R, N, C_a)
        Of the R networks that were trained without an image, in the order of the data; NaN if
        there are no such networks.
    n_networks : int
        Number of networks that predict new images together.

    Examples
    --------
    >>> logits = np.log(np.array([[[0.5, 0.5], [0.9, 0.1]], [[0.5, 0.5], [0.7, 0.3]]], np.float32))
    >>> out_of_fold = OutOfFold((logits,), n_networks=2)
    >>> out_of_fold.rows.tolist(), np.exp(out_of_fold.pooled()[0]).round(2).tolist()
    ([0, 1], [[0.5, 0.5], [0.8, 0.2]])
    """

    logits: tuple[NDArray[np.float32], ...]
    n_networks: int

    def __repr__(self) -> str:
        repeats, n = self.logits[0].shape[:2] if self.logits else (0, 0)
        facts = [f"{n:,} images", f"{repeats} logits of each", f"{len(self.logits)} attributes"]
        return short_repr("OutOfFold", facts)

    @property
    def rows(self) -> NDArray[np.intp]:
        """Images that at least one network was trained without."""
        return np.flatnonzero(np.isfinite(self.logits[0]).all(axis=(0, 2)))

    def pooled(self) -> list[NDArray[np.float64]]:
        """Logarithms of the mean probabilities of :attr:`rows`, (n, C_a) each."""
        outputs = self._answered()
        repeats = range(len(self.logits[0]))
        return pooled_logits([[output[repeat] for output in outputs] for repeat in repeats])

    def temperatures(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Fit the temperatures of the ensemble of all networks, shape (A,).

        Parameters
        ----------
        labels : int64 array of shape (N, A)
            -1 where unknown.
        """
        known = labels[self.rows]
        return np.array(
            [
                pool_temperature(list(output), known[:, position], self.n_networks)
                for position, output in enumerate(self._answered())
            ]
        )

    def calibrated(self, labels: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        """Probabilities of :attr:`rows`, each at a temperature fitted to other images.

        Parameters
        ----------
        labels : int64 array of shape (N, A)
            -1 where unknown.
        """
        pooled, rows = self.pooled(), self.rows
        return cross_calibrated(pooled, labels[rows], np.arange(len(rows)) % _PARTS)

    def _answered(self) -> list[NDArray[np.float32]]:
        """Logits of :attr:`rows`, (R, n, C_a) each."""
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
    """Combine the logits of M networks, each of the images it was trained without.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes.
    n_images : int
    rows : sequence of M int array
        Rows of the images of each network. Each image is in the same number of these, or in none.
    logits : sequence of M sequences of A float32 array of shape (n, C_a)
    n_networks : int
        Number of networks that predict new images together; these or others.
    """
    answered = np.zeros(n_images, np.intp)
    repeats = int(np.bincount(np.concatenate(rows)).max())
    combined = tuple(
        np.full((repeats, n_images, len(attribute.classes)), np.nan, np.float32)
        for attribute in schema.attributes
    )
    for own, outputs in zip(rows, logits, strict=True):
        for whole, output in zip(combined, outputs, strict=True):
            whole[answered[own], own] = output
        answered[own] += 1
    return OutOfFold(combined, n_networks=n_networks)
