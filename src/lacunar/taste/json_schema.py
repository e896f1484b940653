"""Shapes of the JSON documents that the command line prints and the HTTP service answers.

Keys may be added here, never renamed. :mod:`lacunar.taste.to_json` makes the documents.
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
    dict[str, float | None], Field(description="Mean rating by genre, in stars; null is a gap.")
]
Probability = Annotated[float, Field(ge=0, le=1)]


class SegmentDocument(TypedDict):
    """Users of one taste."""

    id: Annotated[int, Field(description="Segments are numbered by population, from 0.")]
    population: Annotated[int, Field(description="Users whose most probable segment it is.")]
    name: str
    profile: ByGenre
    known_profile: Annotated[
        dict[str, float | None],
        Field(description="The same over the members who rated the genre, nothing filled in."),
    ]
    known_users: Annotated[dict[str, int], Field(description="Members who rated the genre.")]


class SegmentsDocument(TypedDict):
    """All segments, largest population first, and how their number was chosen."""

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


class UserDocument(TypedDict):
    """What is known of a user, and where the user belongs."""

    user: Id
    profile: ByGenre
    counts: Annotated[dict[str, int], Field(description="The user's ratings by genre.")]
    segments: Annotated[
        dict[str, Probability], Field(description="Probability to belong, by segment id.")
    ]


class ReasonDocument(TypedDict):
    """One ground for a recommendation."""

    kind: str
    text: str
    value: Annotated[float, Field(description="The figure behind it.")]


class RecommendationDocument(TypedDict):
    """A film that is recommended, and why."""

    item: Id
    title: str
    genres: list[str]
    score: Annotated[float, Field(description="Comparable within one recommender only.")]
    parts: Annotated[dict[str, float], Field(description="What the score is the sum of, by kind.")]
    reasons: list[ReasonDocument]


class RecommendationsDocument(TypedDict):
    """Films for a user, best first."""

    user: Annotated[Id | None, Field(description="Null for somebody new.")]
    ratings: Annotated[int, Field(description="How many ratings of the user are known.")]
    segment: Annotated[int, Field(description="The most probable segment.")]
    segment_name: str
    probability: Probability
    by: RecommenderName
    items: list[RecommendationDocument]


class FilmDocument(TypedDict):
    """A film of the catalogue."""

    item: Id
    title: str
    year: int | None
    genres: list[str]
    ratings: Annotated[int, Field(description="How many users rated it.")]


class FilmsDocument(TypedDict):
    """Films whose titles match a search, best match first."""

    query: str
    films: list[FilmDocument]
