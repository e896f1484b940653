"""Images that are there more than once, exactly or nearly, within a part or across parts."""

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

# Near copies (moved by 2 pixels of 128, 6 % brighter or darker, noisier) correlate by .96 or more
# once they are aligned; of 5,000 generated people no two reach .91, of 716 real ones no two .84.
CORRELATION = 0.94
# Coarse images of near copies correlate by .86 or more; what passes is compared pixel by pixel.
_COARSE = 0.8
# Of images alike in the coarse, as many of each are compared: enough to tie a group together.
_PER_IMAGE = 10
_BLOCK = 2048
# Decoded images that are kept for the next pair: 57 MB.
_FRAMES = 4096


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two images of one picture.

    Parameters
    ----------
    first, second : int
        Positions in the parts; the first is the earlier.
    exact : bool
        Equal pixel by pixel, whatever their files.
    mirrored : bool
        The second shows the first in a mirror.
    correlation : float
        Of the two once they are aligned; 1 if they are exact.
    """

    first: int
    second: int
    exact: bool
    mirrored: bool
    correlation: float


def find_duplicates(
    parts: AuditedImages,
    measures: ImageMeasures,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Duplicate, ...]:
    """Find exact and near copies.

    Of k equal images each is paired with the first alone, which then stands for all of them in
    the search for near copies. That compares descriptors block by block, so that its memory does
    not grow with the number of pairs, and then the pixels of the pairs that pass, aligned.

    Parameters
    ----------
    parts : AuditedImages
        N images.
    measures : ImageMeasures
        Of the same.
    progress : callable, optional
        Called with the pairs that are compared pixel by pixel and their number.

    Returns
    -------
    tuple of Duplicate
        Exact copies first, then by falling correlation.
    """
    first_of = _first_of_equals(measures.digests)
    exact = [
        Duplicate(int(first_of[i]), i, exact=True, mirrored=False, correlation=1.0)
        for i in np.flatnonzero(first_of != np.arange(len(first_of))).tolist()
    ]
    rows = np.unique(first_of)
    candidates = alike_in_the_coarse(measures.descriptors[rows])

    @lru_cache(_FRAMES)
    def frame(image: int) -> NDArray[np.uint8]:
        return to_frame(read_image(parts.path(image), where=parts.where(image)))

    near: dict[tuple[int, int], Duplicate] = {}
    for done, (i, j, turned) in enumerate(candidates, start=1):
        one, other = int(rows[i]), int(rows[j])
        second = frame(other)[:, ::-1] if turned else frame(other)
        found = aligned_correlation(frame(one), second)
        before = near.get((one, other))
        if found >= CORRELATION and (before is None or before.correlation < found):
            near[one, other] = Duplicate(one, other, False, turned, found)
        if progress:
            progress(done, len(candidates))
    ordered = sorted(near.values(), key=lambda pair: (-pair.correlation, pair.first, pair.second))
    return (*exact, *ordered)


def alike_in_the_coarse(descriptors: NDArray[np.float32]) -> list[tuple[int, int, bool]]:
    """Pairs of images whose descriptors are alike, as they are or one of them in a mirror.

    Parameters
    ----------
    descriptors : float32 array of shape (N, D)

    Returns
    -------
    list of (int, int, bool)
        Positions, ascending, and whether the second is in the mirror. Of each image the 10 most
        alike at most, and those that have it among theirs.
    """
    found: set[tuple[int, int, bool]] = set()
    for turned in (False, True):
        others = mirrored(descriptors) if turned else descriptors
        for start in range(0, len(descriptors), _BLOCK):
            for i, j in _alike(descriptors[start : start + _BLOCK], others, start):
                found.add((min(i, j), max(i, j), turned))
    return sorted(found)


def groups_of(duplicates: tuple[Duplicate, ...], n: int) -> NDArray[np.intp]:
    """Number images so that copies, and copies of copies, have one number, shape (n,).

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
    """First row that is equal to each row, shape (N,)."""
    _, first, number = np.unique(digests, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[number.ravel()], np.intp)


def _alike(
    block: NDArray[np.float32], others: NDArray[np.float32], start: int
) -> list[tuple[int, int]]:
    """Pairs of rows of a block, which begins at ``start``, and of all rows; none with itself."""
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
