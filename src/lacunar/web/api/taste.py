"""API of a taste model: segments, users, recommendations and items."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from lacunar.taste.config import RecommenderName
from lacunar.taste.json_schema import (
    FilmsDocument,
    RecommendationsDocument,
    SegmentsDocument,
    UserDocument,
)
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import (
    films_document,
    recommendations_document,
    segments_document,
    user_document,
)
from lacunar.web.list_requests import (
    MOST_FILMS,
    MOST_LETTERS,
    MOST_RATINGS,
    WithListRequest,
    Words,
    ratings_of,
    user_at,
)
from lacunar.web.state import State, WithTaste

router = APIRouter(prefix="/api/v1", tags=["tastes"])

UserId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MOST_LETTERS,
        description="As in the ratings; percent-encoded, a slash as %2F.",
        examples=["4"],
    ),
]
FilmId = Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)]
_Control = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Year = Annotated[int | None, Field(ge=0, le=9999)]


class RecommendationsRequest(BaseModel):
    """Ratings of a new user, and options of the list."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={
            "examples": [{"ratings": {"1": 5, "32": 4.5, "50": 2}, "top": 5, "adventure": 0.25}]
        },
    )

    ratings: dict[FilmId, float] = Field(
        default_factory=dict,
        max_length=MOST_RATINGS,
        description="Ratings by item id; without ratings, the list fits users in general.",
    )
    top: int = Field(10, ge=1, le=MOST_FILMS)
    by: RecommenderName | None = None
    adventure: _Control = 0.0
    favourites: _Control = 0.0
    diversity: _Control = 0.0
    genres: list[Annotated[str, Field(max_length=MOST_LETTERS)]] = Field(
        default_factory=list,
        max_length=50,
        description="An item needs at least one of these genres.",
    )
    first_year: _Year = None
    last_year: _Year = None
    include_seen: bool = False
    allow: list[FilmId] | None = Field(
        None, max_length=MOST_RATINGS, description="Ids of the only items to recommend from."
    )
    deny: list[FilmId] = Field(
        default_factory=list, max_length=MOST_RATINGS, description="Ids of items to leave out."
    )

    def list_request(self) -> ListRequest:
        """Return the options of the list."""
        return ListRequest(
            k=self.top,
            by=self.by,
            controls=Controls(
                adventure=self.adventure, favourites=self.favourites, diversity=self.diversity
            ),
            genres=tuple(self.genres),
            first_year=self.first_year,
            last_year=self.last_year,
            include_seen=self.include_seen,
            allow=None if self.allow is None else tuple(self.allow),
            deny=tuple(self.deny),
        )


@router.get("/segments", summary="All segments")
async def segments(model: WithTaste, state: State) -> SegmentsDocument:
    """The document of `lacunar taste segments --json`."""
    return await state.pool.run(segments_document, model)


# Ids may contain slashes, so this route must come before the next, which would match it.
@router.get("/users/{user_id:path}/recommendations", summary="Items for a user of the log")
async def user_recommendations(
    user_id: UserId,
    list_request: WithListRequest,
    model: WithTaste,
    state: State,
    rate: Annotated[
        list[Words] | None,
        Query(
            max_length=MOST_RATINGS,
            description="One more rating, ITEM:STARS; replaces an earlier one. Nothing is kept.",
        ),
    ] = None,
) -> RecommendationsDocument:
    """The document of `lacunar taste recommend --user ID --rate ITEM=STARS --json`."""
    user, also = user_at(model, user_id), ratings_of(rate or [])
    return await state.pool.run(recommendations_document, model, user, list_request, also=also)


@router.get("/users/{user_id:path}", summary="A user's profile and segments")
async def user(user_id: UserId, model: WithTaste) -> UserDocument:
    """The document of `lacunar taste user --user ID --json`."""
    return user_document(model, user_at(model, user_id))


@router.post("/recommendations", summary="Items for a new user")
async def recommendations(
    body: Annotated[RecommendationsRequest, Body()], model: WithTaste, state: State
) -> RecommendationsDocument:
    """The document of `lacunar taste recommend --rate ITEM=RATING --json`; nothing is kept."""
    return await state.pool.run(recommendations_document, model, body.ratings, body.list_request())


@router.get("/films", summary="Search items by title")
async def films(
    model: WithTaste,
    state: State,
    q: Annotated[
        str,
        Query(
            max_length=MOST_LETTERS,
            description="Words of the title or their beginnings; case and accents are ignored.",
            examples=["amelie"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=MOST_FILMS)] = 10,
) -> FilmsDocument:
    """Items whose titles have every word of the query, best match first."""
    return await state.pool.run(films_document, model, q, limit)
