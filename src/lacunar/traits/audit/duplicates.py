"""Exact and near duplicates of images, within a part and across parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lacunar.traits.audit.alignment import aligned_correlation, to_frame
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.descriptors import mirrored
from lacunar.traits.audit.image_measures import ImageMeasures
from lacunar.traits.data.images import read_image

# After alignment, near duplicates (shifted by 2 of 128 pixels, 6 % brighter or darker, with noise)
# correlate by .96 or more. No two of 5,000 generated people reach .91, no two of 716 real ones .84.
CORRELATION = 0.94
# Descriptors of near duplicates correlate by .86 or more. Candidates are compared by pixels.
_COARSE = 0.8
# Candidates per image; enough to connect a group of duplicates.
_PER_IMAGE = 10
_BLOCK = 2048
# Decoded images in memory: 57 MB.
_FRAMES = 4096


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two images that show the same picture.

    Parameters
    ----------
    first, second : int
        Indices of the images, ascending.
    exact : bool
        Whether all pixels are equal; the files may differ.
    mirrored : bool
        Whether the second is a mirror image of the first.
    correlation : float
        Correlation after alignment; 1 for exact duplicates.
    """

    first: int
    second: int
    exact: bool
    mirrored: bool
    correlation: float


def find_duplicates(
    images: AuditedImages,
    measures: ImageMeasures,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Duplicate, ...]:
    """Find exact and near duplicates.

    Each of k equal images is paired only with the first, which represents them in the search for
    near duplicates. This search compares descriptors block by block, so that memory does not grow
    with the number of pairs, and then the aligned pixels of the candidates.

    Parameters
    ----------
    images : AuditedImages
        N images.
    measures : ImageMeasures
        Measures of the same images.
    progress : callable, optional
        Called with the number of candidate pairs compared and the number of all.

    Returns
    -------
    tuple of Duplicate
        Exact duplicates first, then by descending correlation.
    """
    first_of = _first_of_equals(measures.digests)
    exact = [
        Duplicate(int(first_of[i]), i, exact=True, mirrored=False, correlation=1.0)
        for i in np.flatnonzero(first_of != np.arange(len(first_of))).tolist()
    ]
    rows = np.unique(first_of)
    candidates = candidate_pairs(measures.descriptors[rows])

    @lru_cache(_FRAMES)
    def frame(image: int) -> NDArray[np.uint8]:
        return to_frame(read_image(images.picture(image), where=images.where(image)))

    near: dict[tuple[int, int], Duplicate] = {}
    for done, (i, j, turned) in enumerate(candidates, start=1):
        one, other = int(rows[i]), int(rows[j])
        second = frame(other)[:, ::-1] if turned else frame(other)
        correlation = aligned_correlation(frame(one), second)
        before = near.get((one, other))
        if correlation >= CORRELATION and (before is None or before.correlation < correlation):
            near[one, other] = Duplicate(one, other, False, turned, correlation)
        if progress:
            progress(done, len(candidates))
    ordered = sorted(near.values(), key=lambda pair: (-pair.correlation, pair.first, pair.second))
    return (*exact, *ordered)


def candidate_pairs(descriptors: NDArray[np.float32]) -> list[tuple[int, int, bool]]:
    """Pairs of images with similar descriptors, directly or with one of them mirrored.

    Parameters
    ----------
    descriptors : float32 array of shape (N, D)

    Returns
    -------
    list of (int, int, bool)
        Indices, ascending, and whether the second is mirrored. For each image, its 10 most similar
        images, and the images that have it among theirs.
    """
    pairs: set[tuple[int, int, bool]] = set()
    for turned in (False, True):
        others = mirrored(descriptors) if turned else descriptors
        for start in range(0, len(descriptors), _BLOCK):
            for i, j in _alike(descriptors[start : start + _BLOCK], others, start):
                pairs.add((min(i, j), max(i, j), turned))
    return sorted(pairs)


def groups_of(duplicates: tuple[Duplicate, ...], n: int) -> NDArray[np.intp]:
    """Number images so that copies, and copies of copies, have the same number, shape (n,).

    Examples
    --------
    >>> groups_of((Duplicate(0, 2, True, False, 1.0), Duplicate(2, 3, False, False, 0.97)), 4)
    array([0, 1, 0, 0])
    """
    first = np.array([pair.first for pair in duplicates], np.intp)
    second = np.array([pair.second for pair in duplicates], np.intp)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)


def _first_of_equals(digests: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Index of the first row equal to each row, shape (N,)."""
    _, first, number = np.unique(digests, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[number.ravel()], np.intp)


def _alike(
    block: NDArray[np.float32], others: NDArray[np.float32], start: int
) -> list[tuple[int, int]]:
    """Similar pairs of a row of a block, which begins at ``start``, and another of all rows."""
    best = np.full((len(block), _PER_IMAGE), -1.0, np.float32)
    place = np.zeros((len(block), _PER_IMAGE), np.intp)
    own = np.arange(start, start + len(block))
    for first in range(0, len(others), _BLOCK):
        piece = block @ others[first : first + _BLOCK].T
        inside = (own >= first) & (own < first + piece.shape[1])
        piece[inside, own[inside] - first] = -1.0
        places = np.broadcast_to(np.arange(first, first + piece.shape[1]), piece.shape)
        both = np.concatenate([best, piece], axis=1)
        kept = np.argpartition(-both, _PER_IMAGE - 1, axis=1)[:, :_PER_IMAGE]
        best = np.take_along_axis(both, kept, axis=1)
        place = np.take_along_axis(np.concatenate([place, places], axis=1), kept, axis=1)
    row, column = np.nonzero(best >= _COARSE)
    return list(zip(own[row].tolist(), place[row, column].tolist(), strict=True))
