"""Parameters of HTTP requests for recommendation lists, for the JSON API and for pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from lacunar.aliases import shortened
from lacunar.taste.config import RecommenderName
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.web.problems import Refusal

MOST_FILMS = 100
MOST_RATINGS = 1000
MOST_LETTERS = 200
_TOP = ListRequest().k
_MOST_GENRES = 50
_LONGEST_QUOTE = 60


def _nothing_as_none(value: Any) -> Any:
    """Read an empty form field as a missing one."""
    return None if value == "" else value


Top = Annotated[int, Query(ge=1, le=MOST_FILMS, description="How many items.")]
By = Annotated[
    RecommenderName | None,
    BeforeValidator(_nothing_as_none),
    Query(description="The recommender; the default is the model's own."),
]
Control = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]
Year = Annotated[
    Annotated[int, Field(ge=0, le=9999)] | None,
    BeforeValidator(_nothing_as_none),
    Query(description="With a year, items without one are left out."),
]
Words = Annotated[str, Query(max_length=MOST_LETTERS)]


def list_query(request: ListRequest) -> list[tuple[str, str]]:
    """Return the query of a page's address: only what differs from the default.

    Examples
    --------
    >>> list_query(ListRequest(k=20, controls=Controls(adventure=0.5)))
    [('top', '20'), ('adventure', '0.5')]
    """
    controls = {
        name: getattr(request.controls, name) for name in ("adventure", "favourites", "diversity")
    }
    query = [("top", str(request.k))] if request.k != _TOP else []
    query += [("by", request.by)] if request.by else []
    query += [(name, f"{value:g}") for name, value in controls.items() if value]
    query += [("genre", genre) for genre in request.genres]
    years = {"first_year": request.first_year, "last_year": request.last_year}
    return query + [(name, str(year)) for name, year in years.items() if year is not None]


async def parse_list_request(
    top: Top = _TOP,
    by: By = None,
    adventure: Control = 0.0,
    favourites: Control = 0.0,
    diversity: Control = 0.0,
    genre: Annotated[list[Words] | None, Query(max_length=_MOST_GENRES)] = None,
    first_year: Year = None,
    last_year: Year = None,
    include_seen: Annotated[bool, Query(description="Also items the user rated.")] = False,
) -> ListRequest:
    """Parse the query of an HTTP request."""
    return ListRequest(
        k=top,
        by=by,
        controls=Controls(
            adventure=round(adventure, 4),
            favourites=round(favourites, 4),
            diversity=round(diversity, 4),
        ),
        genres=tuple(name for name in genre or () if name),
        first_year=first_year,
        last_year=last_year,
        include_seen=include_seen,
    )


WithListRequest = Annotated[ListRequest, Depends(parse_list_request)]


def user_at(model: TasteModel, user_id: str) -> int:
    """Return the position of the user with an id.

    Raises
    ------
    Refusal
        404 if the id is unknown.
    """
    if not model.ratings.has_user(user_id):
        raise Refusal(
            404,
            "No such user",
            f"Expected the id of one of {model.ratings.n_users} users, such as "
            f"{model.ratings.users[0]}, got {shortened(user_id, _LONGEST_QUOTE)!r}.",
        )
    return model.ratings.user_position(user_id)


def segment_at(model: TasteModel, segment: int) -> int:
    """Return a segment after a check of its number.

    Raises
    ------
    Refusal
        404 if the number is unknown.
    """
    if not 0 <= segment < model.segments.n_segments:
        raise Refusal(
            404,
            "No such segment",
            f"Expected a segment from 0 to {model.segments.n_segments - 1}, got {segment}.",
        )
    return segment


def ratings_of(rates: Sequence[str]) -> dict[str, float]:
    """Parse ratings ``ITEM:RATING``: skip empty ones, keep the last of each item.

    Raises
    ------
    Refusal
        422 if a rating is invalid.

    Examples
    --------
    >>> ratings_of(["318:4.5", "", "a:b:2"])
    {'318': 4.5, 'a:b': 2.0}
    """
    stars: dict[str, float] = {}
    for rate in rates:
        if not rate:
            continue
        item, _, value = rate.rpartition(":")
        try:
            rating = float(value)
        except ValueError:
            item = ""
        if not item.strip():
            raise Refusal(
                422,
                "Unprocessable Content",
                "rate: expected ITEM:RATING, such as 318:4.5, got "
                f"{shortened(rate, _LONGEST_QUOTE)!r}",
            )
        stars[item.strip()] = rating
    return stars
