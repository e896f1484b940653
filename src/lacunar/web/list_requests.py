"""What a request asks of a list of films, the same for programs and for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from lacunar.taste.config import RecommenderName
from lacunar.taste.json_schema import RecommendationsDocument
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.candidates import candidates
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import recommendations_document
from lacunar.web.problems import Refusal

MOST_FILMS = 100
MOST_RATINGS = 1000
MOST_LETTERS = 200
_TOP = 10
_YEARS = (0, 9999)
_MOST_GENRES = 50


def _nothing_as_none(value: Any) -> Any:
    """Take what a form sends for an empty field as not sent."""
    return None if value == "" else value


Top = Annotated[int, Query(ge=1, le=MOST_FILMS, description="How many films.")]
By = Annotated[
    RecommenderName | None,
    BeforeValidator(_nothing_as_none),
    Query(description="The recommender; the model's own unless named."),
]
Control = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]
Year = Annotated[
    Annotated[int, Field(ge=_YEARS[0], le=_YEARS[1])] | None,
    BeforeValidator(_nothing_as_none),
    Query(description="Films without a year are left out then."),
]
Words = Annotated[str, Query(max_length=MOST_LETTERS)]


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A list as somebody wants it.

    Parameters
    ----------
    top : int
    by : {"popularity", "segment", "posterior", "personal"}, optional
    controls : Controls
    genres : tuple of str
        A film needs one of them; any will do where none is named.
    first_year, last_year : int, optional
    include_seen : bool
    allow, deny : tuple of str
        Ids of films.
    """

    top: int = _TOP
    by: RecommenderName | None = None
    controls: Controls = field(default_factory=Controls)
    genres: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    include_seen: bool = False
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    @property
    def years(self) -> tuple[int, int] | None:
        if self.first_year is None and self.last_year is None:
            return None
        first = _YEARS[0] if self.first_year is None else self.first_year
        return first, _YEARS[1] if self.last_year is None else self.last_year

    def query(self) -> list[tuple[str, str]]:
        """What a page's address says of it: what differs from the default, and no more.

        Examples
        --------
        >>> ListRequest(top=20, controls=Controls(adventure=0.5)).query()
        [('top', '20'), ('adventure', '0.5')]
        """
        controls = {
            name: getattr(self.controls, name) for name in ("adventure", "favourites", "diversity")
        }
        said = [("top", str(self.top))] if self.top != _TOP else []
        said += [("by", self.by)] if self.by else []
        said += [(name, f"{value:g}") for name, value in controls.items() if value]
        said += [("genre", genre) for genre in self.genres]
        years = {"first_year": self.first_year, "last_year": self.last_year}
        return said + [(name, str(year)) for name, year in years.items() if year is not None]


async def asked_of(
    top: Top = _TOP,
    by: By = None,
    adventure: Control = 0.0,
    favourites: Control = 0.0,
    diversity: Control = 0.0,
    genre: Annotated[list[Words] | None, Query(max_length=_MOST_GENRES)] = None,
    first_year: Year = None,
    last_year: Year = None,
    include_seen: Annotated[bool, Query(description="Also films the user rated.")] = False,
) -> ListRequest:
    """Read what the query of a request asks for."""
    return ListRequest(
        top=top,
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


WithListRequest = Annotated[ListRequest, Depends(asked_of)]


def recommended_to(
    model: TasteModel, user: int | Mapping[str, float], asked: ListRequest
) -> RecommendationsDocument:
    """Recommend as asked: heavy work, for the pool.

    Raises
    ------
    Refusal
        If adventure is asked of a recommender that has none.
    InputError
        If a genre or film is unknown, or the years are in the wrong order.
    """
    by = asked.by or model.config.recommender
    if asked.controls.adventure and by != "personal":
        raise Refusal(
            422,
            "Unprocessable Content",
            f"adventure: expected the recommender personal, got {by}",
        )
    among = candidates(
        model.ratings,
        allow=asked.allow,
        deny=asked.deny,
        genres=asked.genres or None,
        years=asked.years,
        exclude_seen=not asked.include_seen,
    )
    return recommendations_document(
        model, user, asked.top, by=asked.by, among=among, controls=asked.controls
    )


def user_at(model: TasteModel, user_id: str) -> int:
    """Position of a user named in an address.

    Raises
    ------
    Refusal
        404 if nobody has that id.
    """
    if not model.ratings.has_user(user_id):
        raise Refusal(
            404,
            "No such user",
            f"Expected the id of one of {model.ratings.n_users} users, such as "
            f"{model.ratings.users[0]}, got {shortened(user_id)!r}.",
        )
    return model.ratings.user_position(user_id)


def segment_at(model: TasteModel, segment: int) -> int:
    """A segment named in an address.

    Raises
    ------
    Refusal
        404 if there is none of that number.
    """
    if not 0 <= segment < model.segments.n_segments:
        raise Refusal(
            404,
            "No such segment",
            f"Expected a segment from 0 to {model.segments.n_segments - 1}, got {segment}.",
        )
    return segment


def shortened(text: str, length: int = 60) -> str:
    """Text from outside, short enough to be shown.

    Examples
    --------
    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def ratings_of(rates: Sequence[str]) -> dict[str, float]:
    """Ratings from ``ITEM:STARS``, in order; empty ones are passed over, the last of a film counts.

    Raises
    ------
    Refusal
        422 if one is none.

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
                f"rate: expected ITEM:STARS, such as 318:4.5, got {shortened(rate)!r}",
            )
        stars[item.strip()] = rating
    return stars
