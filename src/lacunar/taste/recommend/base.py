"""What every recommender is asked and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for a recommendation.

    Parameters
    ----------
    kind : str
        What the ground is, for machines.
    text : str
        The same in words.
    value : float
        The figure behind it, such as a number of users or a share of the score.
    """

    kind: str
    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A film for a user.

    Parameters
    ----------
    item : int
        Position of the film in ``Ratings.items``.
    score : float
        What the recommender ordered by; comparable within one recommender only.
    parts : ScoreParts
        Sum to the score.
    reasons : tuple of Reason
        The largest parts, told in words.
    """

    item: int
    score: float
    parts: ScoreParts
    reasons: tuple[Reason, ...]


class Recommender(Protocol):
    """Scores every film for any user, known to the fit or new, from the ratings it is shown.

    A recommender sees nothing of a user but a history, so what it says of a known user and of a
    new one with the same ratings is the same, and it needs no refit for new ratings.
    """

    def fit(self, ratings: Ratings) -> Self:
        """Learn from a log and return self."""
        ...

    def score(self, histories: Histories) -> FloatArray:
        """Scores of all films, shape (B, I), high for what to show first, never NaN.

        A new array each time, which the caller may overwrite; may be called from several threads
        at once. Films of a user's history have scores too: those the user would have without them.
        """
        ...

    def decompose(self, history: Histories, items: Sequence[int]) -> list[ScoreParts]:
        """Parts of the scores of some films for the one user of a history."""
        ...

    def explain(
        self, history: Histories, items: Sequence[int], parts: Sequence[ScoreParts]
    ) -> list[tuple[Reason, ...]]:
        """The largest parts of each score in words, from what :meth:`parts` said of the films."""
        ...


ScorePartKind = Literal["rated", "segment", "popularity", "adventure", "reranking"]


class ScorePart(NamedTuple):
    """A share of a score.

    Parameters
    ----------
    kind : {"rated", "segment", "popularity", "adventure", "reranking"}
        ``rated``: what a rated film adds; ``segment``: what the user's segments add to, or take
        from, what everybody likes; ``popularity``: what everybody likes; ``adventure``: what
        segments next to the user's like more than others do; ``reranking``: what a place in the
        list costs beside the films already on it.
    value : float
        In the units of the score.
    item : int, optional
        Position of the rated film, for ``rated``.
    """

    kind: ScorePartKind
    value: float
    item: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoreParts:
    """All parts of one score, which they sum to within 1e-9.

    What thousands of rated films add stays an array: as objects they would take most of the time
    that a recommendation takes.

    Parameters
    ----------
    others : mapping of str to float
        Every kind but ``rated``.
    rated : ndarray of shape (N,)
        What each rated film adds.
    items : ndarray of shape (N,)
        Positions of those films.

    Examples
    --------
    >>> parts = ScoreParts({"popularity": 0.5}, np.array([0.25, -0.5]), np.array([3, 9]))
    >>> parts.total, parts.by_kind()
    (0.25, {'rated': -0.25, 'popularity': 0.5})
    >>> parts.largest(1)
    [ScorePart(kind='popularity', value=0.5, item=None)]
    """

    others: Mapping[ScorePartKind, float]
    rated: FloatArray = field(default_factory=lambda: np.empty(0))
    items: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    def __iter__(self) -> Iterator[ScorePart]:
        return (self._score_part(place) for place in range(len(self.rated) + len(self.others)))

    @property
    def total(self) -> float:
        return _sum(self._values)

    @property
    def in_favour(self) -> float:
        """Sum of the parts above 0."""
        values = self._values
        return _sum(values[values > 0])

    def by_kind(self) -> dict[ScorePartKind, float]:
        """What each kind adds up to."""
        rated: dict[ScorePartKind, float] = {"rated": _sum(self.rated)} if len(self.rated) else {}
        return rated | dict(self.others)

    def largest(self, n: int) -> list[ScorePart]:
        """The n largest parts; of equal ones the first."""
        order = np.argsort(-self._values, kind="stable")
        return [self._score_part(place) for place in order[:n].tolist()]

    def plus(self, kind: ScorePartKind, value: float) -> ScoreParts:
        """The same parts and another."""
        return ScoreParts({**self.others, kind: value}, self.rated, self.items)

    @property
    def _values(self) -> FloatArray:
        return np.concatenate([self.rated, list(self.others.values())])

    def _score_part(self, place: int) -> ScorePart:
        if place < len(self.rated):
            return ScorePart("rated", float(self.rated[place]), int(self.items[place]))
        kind = list(self.others)[place - len(self.rated)]
        return ScorePart(kind, self.others[kind])


def _sum(values: FloatArray) -> float:
    """Sum from first to last: ``numpy.sum`` and ``sum`` round differently between versions."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0
