"""Schemas of the JSON documents that the command line prints and the HTTP service returns.

Keys may be added, never renamed. :mod:`lacunar.taste.to_json` makes the documents.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

# Before Python 3.12 pydantic takes this TypedDict only; it always brings the package along.
from typing_extensions import TypedDict

from lacunar.taste.config import RecommenderName

#: As in the ratings file: a whole number or text.
Id = int | str
ByGenre = Annotated[
    dict[str, float | None], Field(description="Mean rating by genre; null is a gap.")
]
Probability = Annotated[float, Field(ge=0, le=1)]


class SegmentDocument(TypedDict):
    """A segment of users with similar taste."""

    id: Annotated[int, Field(description="Numbered from 0, by population at the last full fit.")]
    population: Annotated[int, Field(description="Users whose most probable segment it is.")]
    name: str
    profile: ByGenre
    known_profile: Annotated[
        dict[str, float | None],
        Field(description="Mean over the members who rated the genre, without filled gaps."),
    ]
    known_users: Annotated[dict[str, int], Field(description="Members who rated the genre.")]


class SegmentsDocument(TypedDict):
    """All segments in the order of their numbers, and how many were chosen and why."""

    n_components: int
    criterion: Annotated[str, Field(description="How the number was chosen, in a sentence.")]
    users: int
    unknown_share: Annotated[
        Probability, Field(description="Share of all cells of users and genres without a rating.")
    ]
    gaps: str
    view: str
    segments: list[SegmentDocument]
    k_frequency: Annotated[
        dict[str, int], Field(description="Seeds whose lowest BIC is at each number of segments.")
    ]
    agreeing_seeds: int
    agreement: float | None
    consensus_agreement: float | None
    refit_agreement: list[float]
    unrated_genres: list[str]
    constant_genres: list[str]
    degenerate_fits: int
    films_per_genre: dict[str, int]


class SegmentPairDocument(TypedDict):
    """Two segments that correspond; null where a segment has no partner."""

    segment_a: int | None
    name_a: str | None
    segment_b: int | None
    name_b: str | None
    users: Annotated[int, Field(description="Common users who are in both.")]
    share_of_a: Annotated[float | None, Field(description="Of the common users in segment a.")]
    share_of_b: float | None


class ComparisonDocument(TypedDict):
    """Which segments of two models correspond."""

    users: Annotated[int, Field(description="Users whom both models know.")]
    agreement: Annotated[float, Field(description="Adjusted Rand index.")]
    pairs: list[SegmentPairDocument]


class UserDocument(TypedDict):
    """A user's profile and segments."""

    user: Id
    profile: ByGenre
    counts: Annotated[dict[str, int], Field(description="The user's ratings by genre.")]
    segments: Annotated[
        dict[str, Probability], Field(description="Probability of each segment, by segment id.")
    ]


class ReasonDocument(TypedDict):
    """A reason for a recommendation."""

    kind: str
    text: str
    value: Annotated[float, Field(description="The number behind it.")]


class RecommendationDocument(TypedDict):
    """A recommended item and the reasons."""

    item: Id
    title: str
    genres: list[str]
    score: Annotated[float, Field(description="Not comparable between recommenders.")]
    parts: Annotated[dict[str, float], Field(description="Parts that sum to the score, by kind.")]
    reasons: list[ReasonDocument]


class RecommendationsDocument(TypedDict):
    """Items for a user, best first."""

    user: Annotated[Id | None, Field(description="Null for a new user.")]
    ratings: Annotated[int, Field(description="Number of known ratings of the user.")]
    segment: Annotated[int, Field(description="The most probable segment.")]
    segment_name: str
    probability: Probability
    by: RecommenderName
    items: list[RecommendationDocument]


class FilmDocument(TypedDict):
    """An item of the catalogue."""

    item: Id
    title: str
    year: int | None
    genres: list[str]
    ratings: Annotated[int, Field(description="Number of users who rated it.")]


class FilmsDocument(TypedDict):
    """Items whose titles match a search, best match first."""

    query: str
    films: list[FilmDocument]
