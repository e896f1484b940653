"""Comparison of two taste models: which segments have the same users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.mixture.stability import pairwise_ari
from lacunar.reprs import short_repr
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.matching import match_segments

_COLUMNS = {
    "segment_a": pa.int64(),
    "name_a": pa.string(),
    "segment_b": pa.int64(),
    "name_b": pa.string(),
    "users": pa.int64(),
    "share_of_a": pa.float64(),
    "share_of_b": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class SegmentPair:
    """Two segments that correspond, or one without a partner: the other is then None.

    Parameters
    ----------
    segment_a, name_a, segment_b, name_b
        Number and name of the segment in each model.
    users : int
        Common users who are in both segments.
    share_of_a, share_of_b : float, optional
        Share of these among the common users of each segment; None without such users.
    """

    segment_a: int | None
    name_a: str | None
    segment_b: int | None
    name_b: str | None
    users: int
    share_of_a: float | None
    share_of_b: float | None


@dataclass(frozen=True)
class TasteComparison:
    """Segments of two models, matched by the users whom both models know.

    Parameters
    ----------
    pairs : tuple of SegmentPair
        Pairs in the order of the first model; then segments of the second without a partner.
    n_users : int
        Number of common users.
    agreement : float
        Adjusted Rand index between both partitions of the common users: 1 if they are equal, about
        0 if they are unrelated.
    frame_kind : {"pandas", "polars", "pyarrow"}
        The library of :meth:`to_frame`.

    Examples
    --------
    >>> pair = SegmentPair(0, "Drama", 1, "Drama over War", 40, 0.8, 1.0)
    >>> found = TasteComparison((pair,), 50, 0.75)
    >>> found
    <TasteComparison: 1 pair of segments, 50 common users, agreement 0.75>
    >>> found.to_frame().select(["name_a", "share_of_a"]).to_pylist()
    [{'name_a': 'Drama', 'share_of_a': 0.8}]
    """

    pairs: tuple[SegmentPair, ...]
    n_users: int
    agreement: float
    frame_kind: FrameKind = field(default="pyarrow", compare=False)

    def __repr__(self) -> str:
        n = len(self.pairs)
        facts = [f"{n} pair{'s' * (n != 1)} of segments", f"{self.n_users:,} common users"]
        return short_repr("TasteComparison", [*facts, f"agreement {self.agreement:.2f}"])

    def to_frame(self) -> Any:
        """Return the pairs as a frame.

        Returns
        -------
        frame
            ``segment_a``, ``name_a``, ``segment_b``, ``name_b``, ``users``, ``share_of_a``,
            ``share_of_b``; null where a segment has no partner.
        """
        table = pa.Table.from_pylist([asdict(pair) for pair in self.pairs], pa.schema(_COLUMNS))
        return arrow_to_frame(table, self.frame_kind)


def compare_taste(a: TasteModel, b: TasteModel) -> TasteComparison:
    """Find which segments of two models correspond.

    Segments are matched one to one so that most of the common users are in matched segments
    (Hungarian method). Segments without a common user are not matched.

    Parameters
    ----------
    a, b : TasteModel
        Such as a model and its update, or two fits of growing logs.

    Returns
    -------
    TasteComparison

    Raises
    ------
    InputError
        If the models have no common user.

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.fit import fit_taste
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> a, b = (fit_taste(ratings, TasteConfig(max_components=1, n_seeds=n)) for n in (2, 3))
    >>> found = compare_taste(a, b)
    >>> found.agreement, found.to_frame().select(["name_a", "name_b", "users"]).to_pylist()
    (1.0, [{'name_a': 'All-round taste', 'name_b': 'All-round taste', 'users': 50}])
    """
    labels_a, labels_b = _common_labels(a, b)
    if not len(labels_a):
        raise InputError("expected models with common users, got none: no id is in both")
    n_a, n_b = a.segments.n_segments, b.segments.n_segments
    matching = match_segments(labels_a, labels_b, n_a, n_b)
    partner = matching.partner.copy()
    partner[matching.users[np.arange(n_a), partner] == 0] = -1
    of_a, of_b = matching.users.sum(axis=1), matching.users.sum(axis=0)

    def pair(segment_a: int | None, segment_b: int | None) -> SegmentPair:
        both = segment_a is not None and segment_b is not None
        users = int(matching.users[segment_a, segment_b]) if both else 0
        return SegmentPair(
            segment_a,
            None if segment_a is None else a.segments.names[segment_a],
            segment_b,
            None if segment_b is None else b.segments.names[segment_b],
            users,
            None if segment_a is None else _share(users, of_a[segment_a]),
            None if segment_b is None else _share(users, of_b[segment_b]),
        )

    matched: Iterable[tuple[int | None, int | None]] = (
        (j, None if k < 0 else k) for j, k in enumerate(partner.tolist())
    )
    alone = ((None, k) for k in range(n_b) if k not in partner)
    return TasteComparison(
        pairs=tuple(pair(*numbers) for numbers in (*matched, *alone)),
        n_users=len(labels_a),
        agreement=float(pairwise_ari(np.stack([labels_a, labels_b]))[0, 1]),
        frame_kind=a.ratings.frame_kind,
    )


def _common_labels(a: TasteModel, b: TasteModel) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Segments in both models of the users whom both know."""
    ids_a, ids_b = (model.ratings.users.cast(pa.string()) for model in (a, b))
    at = pc.index_in(ids_a, ids_b)
    known = np.asarray(at.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    return a.segments.labels[known], b.segments.labels[at.drop_null().to_numpy()]


def _share(users: int, total: int) -> float | None:
    return users / int(total) if total else None
