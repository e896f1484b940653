"""The interface of recommenders: scores, score parts and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.reprs import short_repr
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a recommendation.

    Parameters
    ----------
    kind : str
        Machine-readable kind, such as ``"popularity"``.
    text : str
        The reason in words.
    value : float
        The number behind it, such as a number of users or a part of the score.

    Examples
    --------
    >>> reason = Reason("popularity", "29 of 50 users rated it 4 or more", 29.0)
    >>> reason.kind, reason.value
    ('popularity', 29.0)
    """

    kind: str
    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An item recommended to a user.

    Parameters
    ----------
    item : int
        Position of the item in ``Ratings.items``.
    score : float
        Items are ordered by it. Scores of different recommenders are not comparable.
    parts : ScoreParts
        They sum to the score.
    reasons : tuple of Reason
        The largest parts in words.
    """

    item: int
    score: float
    parts: ScoreParts
    reasons: tuple[Reason, ...]

    def __repr__(self) -> str:
        facts = [f"item at position {self.item}", f"score {self.score:.4g}"]
        return short_repr("Recommendation", [*facts, *(reason.text for reason in self.reasons)])


class Recommender(Protocol):
    """Scores every item for any user, from the user's ratings alone.

    A recommender uses only a history. So a new user gets the same scores as a known user with the
    same ratings, and new ratings need no refit. Any class with these four methods is a
    recommender.

    Examples
    --------
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> recommender: Recommender = PopularityRecommender().fit(ratings)
    >>> history = new_history(ratings, {})
    >>> best = int(recommender.score(history).argmax())
    >>> [parts] = recommender.decompose(history, [best])
    >>> [[reason]] = recommender.explain(history, [best], [parts])
    >>> parts.total, reason.text
    (29.0, '29 of 50 users rated it 4 or more')
    """

    def fit(self, ratings: Ratings) -> Self:
        """Learn from a log and return self."""
        ...

    def score(self, histories: Histories) -> FloatArray:
        """Score all items for each of B users.

        Several threads may call this at once.

        Parameters
        ----------
        histories : Histories

        Returns
        -------
        ndarray of shape (B, I)
            A new array, which the caller may overwrite. Higher is better; never NaN; ``-inf``
            excludes an item. Items of the history are scored as if the user had not rated them.
        """
        ...

    def decompose(self, history: Histories, items: Sequence[int]) -> list[ScoreParts]:
        """Split the scores of some items into parts.

        Parameters
        ----------
        history : Histories
            Ratings of one user.
        items : sequence of int
            Positions of items.
        """
        ...

    def explain(
        self, history: Histories, items: Sequence[int], parts: Sequence[ScoreParts]
    ) -> list[tuple[Reason, ...]]:
        """Describe the largest parts of each score in words.

        Parameters
        ----------
        history, items
            As in :meth:`decompose`.
        parts : sequence of ScoreParts
            The result of :meth:`decompose`.
        """
        ...


ScorePartKind = Literal["rated", "segment", "popularity", "adventure", "reranking"]


class ScorePart(NamedTuple):
    """One part of a score.

    Parameters
    ----------
    kind : {"rated", "segment", "popularity", "adventure", "reranking"}
        ``rated``: contribution of one rated item; ``popularity``: mean over all users;
        ``segment``: difference between the user's segments and all users; ``adventure``: bonus for
        items that neighbouring segments favour; ``reranking``: penalty for the mix of items above
        it in the list.
    value : float
        In the units of the score.
    item : int, optional
        Position of the rated item, for ``rated``.
    """

    kind: ScorePartKind
    value: float
    item: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoreParts:
    """All parts of one score. They sum to the score within 1e-9.

    The contributions of rated items are an array: thousands of objects would take most of the time
    of a recommendation.

    Parameters
    ----------
    others : mapping of str to float
        Value of every kind except ``rated``.
    rated : ndarray of shape (N,)
        Contribution of each rated item.
    items : ndarray of shape (N,)
        Positions of those items.

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

    def __repr__(self) -> str:
        facts = [f"{kind} {value:.4g}" for kind, value in self.by_kind().items()]
        return short_repr("ScoreParts", [f"total {self.total:.4g}", *facts])

    def __iter__(self) -> Iterator[ScorePart]:
        return (self._score_part(place) for place in range(len(self.rated) + len(self.others)))

    @property
    def total(self) -> float:
        """Sum of all parts: the score."""
        return _sum(self._values)

    @property
    def in_favour(self) -> float:
        """Sum of the parts above 0."""
        values = self._values
        return _sum(values[values > 0])

    def by_kind(self) -> dict[ScorePartKind, float]:
        """Return the sum of each kind."""
        rated: dict[ScorePartKind, float] = {"rated": _sum(self.rated)} if len(self.rated) else {}
        return rated | dict(self.others)

    def largest(self, n: int) -> list[ScorePart]:
        """Return the n largest parts; the first ones in a tie."""
        order = np.argsort(-self._values, kind="stable")
        return [self._score_part(place) for place in order[:n].tolist()]

    def plus(self, kind: ScorePartKind, value: float) -> ScoreParts:
        """Return the same parts and one more."""
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
