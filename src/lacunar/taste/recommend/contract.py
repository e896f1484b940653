"""What every recommender is asked and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from lacunar.taste.mixture.parameters import FloatArray
from lacunar.taste.ratings import Ratings
from lacunar.taste.recommend.histories import Histories
from lacunar.taste.recommend.parts import Parts


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
    parts : Parts
        Sum to the score.
    reasons : tuple of Reason
        The largest parts, told in words.
    """

    item: int
    score: float
    parts: Parts
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

    def parts(self, history: Histories, items: Sequence[int]) -> list[Parts]:
        """Parts of the scores of some films for the one user of a history."""
        ...

    def tell(
        self, history: Histories, items: Sequence[int], parts: Sequence[Parts]
    ) -> list[tuple[Reason, ...]]:
        """The largest parts of each score in words, from what :meth:`parts` said of the films."""
        ...
