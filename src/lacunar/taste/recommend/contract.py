"""What every recommender returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
        The figure behind it, such as a number of users or a mean in stars.
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
    reasons : tuple of Reason
    """

    item: int
    score: float
    reasons: tuple[Reason, ...]


class Recommender(Protocol):
    """Recommends films a user has not rated, best first."""

    def recommend(self, user: int, k: int) -> list[Recommendation]:
        """At most ``k`` films for the user at a position."""
        ...
