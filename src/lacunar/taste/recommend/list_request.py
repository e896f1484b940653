"""The request for a recommendation list: length, recommender, controls and filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from numbers import Integral
from typing import Any, Self, TypedDict, Unpack

from lacunar.errors import InputError
from lacunar.reprs import short_repr
from lacunar.taste.config import RecommenderName, check_recommender
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.candidates import Candidates, candidates
from lacunar.taste.recommend.rerank import Controls

_YEARS = (0, 9999)


class ListOptions(TypedDict, total=False):
    """Options of a recommendation list in Python; all are optional.

    Parameters
    ----------
    by : {"popularity", "segment", "posterior", "personal"}
        The recommender; by default the one in the model's config.
    genres : str or iterable of str
        An item needs at least one of them; by default all genres are allowed.
    first_year, last_year : int
        Years of release. With either of them, items without a year are left out.
    include_seen : bool
        Whether to include items that the user has rated.
    controls : Controls
        Adventure, favourites and diversity; by default off.
    """

    by: RecommenderName | None
    genres: str | Iterable[str]
    first_year: int | None
    last_year: int | None
    include_seen: bool
    controls: Controls | None


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Options of a recommendation list; the command line, the server and Python use the same.

    Parameters
    ----------
    k : int
        Maximum number of items.
    by : {"popularity", "segment", "posterior", "personal"}, optional
        The recommender. The default is the model's own.
    controls : Controls
    genres : tuple of str
        An item needs at least one of them. Without any, all genres are allowed.
    first_year, last_year : int, optional
        Years of the items. With either of them, items without a year are left out.
    allow : tuple of str, optional
        Ids of the only items to consider.
    deny : tuple of str
        Ids of items to leave out.
    include_seen : bool
        Whether to include items that the user has rated.

    Raises
    ------
    InputError
        If ``k`` is negative or the recommender is unknown.

    Examples
    --------
    >>> ListRequest(k=5, genres=("Drama",), first_year=1990).years
    (1990, 9999)
    """

    k: int = 10
    by: RecommenderName | None = None
    controls: Controls = field(default_factory=Controls)
    genres: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    include_seen: bool = False

    def __repr__(self) -> str:
        given = [
            f"{one.name}={value!r}"
            for one in fields(self)
            if (value := getattr(self, one.name)) not in (None, (), False, Controls())
        ]
        return short_repr("ListRequest", given)

    def __post_init__(self) -> None:
        k: object = self.k
        if not isinstance(k, Integral):
            raise InputError(f"expected a whole number, got {k!r}", field="k")
        if self.k < 0:
            raise InputError(f"expected 0 or more, got {self.k}", field="k")
        if self.by is not None:
            check_recommender(self.by)

    @classmethod
    def of(cls, k: int, **options: Unpack[ListOptions]) -> Self:
        """Return the request of options in Python.

        Examples
        --------
        >>> ListRequest.of(5, genres="Drama") == ListRequest(k=5, genres=("Drama",))
        True
        """
        plain: dict[str, Any] = {**options}
        genres = plain.pop("genres", ())
        names = (genres,) if isinstance(genres, str) else tuple(genres)
        controls = plain.pop("controls", None) or Controls()
        return cls(k=k, genres=names, controls=controls, **plain)

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last year, or None without a limit."""
        if self.first_year is None and self.last_year is None:
            return None
        first = _YEARS[0] if self.first_year is None else self.first_year
        return first, _YEARS[1] if self.last_year is None else self.last_year

    def candidates(self, ratings: Ratings) -> Candidates:
        """Return the items that pass the filters; see :func:`candidates` for the errors."""
        return candidates(
            ratings,
            allow=self.allow,
            deny=self.deny,
            genres=self.genres or None,
            years=self.years,
            exclude_seen=not self.include_seen,
        )
