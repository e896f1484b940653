"""View of the page for rating items; its URL holds its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from lacunar.report.taste.users import profile_beside_segment
from lacunar.taste.data.histories import new_history
from lacunar.taste.data.rating_scale import LIKES, RatingScale
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.to_json import film_document
from lacunar.web.list_requests import list_query
from lacunar.web.views.lists import Option, shown_list
from lacunar.web.views.tastes import TasteViews

Context = dict[str, Any]

PATH = "/taste/try"
MOST_RATED = 100
_FOUND, _SUGGESTED = 12, 8
# Maximum number of ratings in a menu.
_MOST_OPTIONS = 21


@dataclass(frozen=True, slots=True)
class Trying:
    """Ratings, search and list request of the page.

    Parameters
    ----------
    stars : mapping of str to float
        Ratings by film id, the latest last.
    q : str
        Words to search titles for.
    list_request : ListRequest
    """

    stars: Mapping[str, float]
    q: str
    list_request: ListRequest

    def query(self) -> list[tuple[str, str]]:
        """The state as query parameters.

        Examples
        --------
        >>> Trying({"318": 4.5}, "alien", ListRequest()).query()
        [('q', 'alien'), ('rate', '318:4.5')]
        """
        pairs = [("q", self.q)] if self.q else []
        pairs += [("rate", rate(item, stars)) for item, stars in self.stars.items()]
        return pairs + list_query(self.list_request)

    @property
    def path(self) -> str:
        """URL path and query of the page."""
        query = urlencode(self.query())
        return PATH + (f"?{query}" if query else "")

    def without(self, item: str) -> Trying:
        """The state without the rating of a film."""
        return Trying({i: s for i, s in self.stars.items() if i != item}, self.q, self.list_request)

    @property
    def before(self) -> dict[str, float] | None:
        """The ratings without the latest one; None without ratings."""
        return dict(list(self.stars.items())[:-1]) if self.stars else None


def rate(item: str, stars: float) -> str:
    """A rating as a query parameter.

    Examples
    --------
    >>> rate("318", 4.5)
    '318:4.5'
    """
    return f"{item}:{stars:g}"


def trying_view(views: TasteViews, trying: Trying) -> Context:
    """Variables of the page; heavy work, for the pool.

    Raises
    ------
    InputError
        If a film is unknown or a rating is outside the scale.
    """
    model, before = views.model, trying.before
    history = new_history(model.ratings, trying.stars)
    belongs = model.placer.cautious_responsibilities(history)[0]
    earlier = None
    if before is not None:
        earlier = model.placer.cautious_responsibilities(new_history(model.ratings, before))[0]
    belonging = views.belonging("You", belongs, earlier)
    return {
        "rated": [_rated(model, trying, item) for item in trying.stars],
        "latest": _titles(model, trying)[-1] if trying.stars else None,
        "results": _results(views, trying),
        "belonging": belonging,
        "profile": _profile(model, trying, int(belongs.argmax())) if trying.stars else None,
        "found": shown_list(model, trying.stars, trying.list_request, before=before),
    }


def star_options(scale: RatingScale, item: str, chosen: float | None = None) -> list[Option]:
    """Options of a rating menu: none, then descending; a fine scale is thinned.

    Examples
    --------
    >>> [option.value for option in star_options(RatingScale(1, 5, 1), "7")]
    ['', '7:5', '7:4', '7:3', '7:2', '7:1']
    """
    steps = round((scale.maximum - scale.minimum) / scale.step)
    shown = np.unique(np.linspace(0, steps, min(steps + 1, _MOST_OPTIONS)).round())
    values = {round(scale.minimum + scale.step * step, 9) for step in shown.tolist()}
    if chosen is not None:
        values.add(chosen)
    return [
        Option("", "not rated", chosen is None),
        *(
            Option(rate(item, value), rating_label(scale, value), value == chosen)
            for value in sorted(values, reverse=True)
        ),
    ]


def rating_label(scale: RatingScale, rating: float) -> str:
    """A rating in words.

    Examples
    --------
    >>> rating_label(RatingScale(), 4.5), rating_label(RatingScale(0, 1, 1), 1)
    ('4.5', 'liked')
    """
    if scale == LIKES:
        return "liked" if rating else "not liked"
    return f"{rating:g}"


def _titles(model: TasteModel, trying: Trying) -> list[str]:
    titles = model.ratings.items["title"]
    return [str(titles[model.ratings.item_position(item)]) for item in trying.stars]


def _rated(model: TasteModel, trying: Trying, item: str) -> Context:
    position, stars = model.ratings.item_position(item), trying.stars[item]
    return {
        "place": position,
        "title": str(model.ratings.items["title"][position]),
        "about": "",
        "options": star_options(model.ratings.scale, item, stars),
        "without": trying.without(item).path,
    }


def _results(views: TasteViews, trying: Trying) -> list[Context]:
    """Films of the search, or films to rate first without a search."""
    model = views.model
    if trying.q:
        found = model.titles.find(trying.q, _FOUND)
    else:
        found = views.to_rate(trying.stars, _SUGGESTED)
    shown = []
    for position in found:
        film = film_document(model, position)
        item = str(film["item"])
        given = trying.stars.get(item)
        shown.append(
            {
                "place": position,
                "title": film["title"],
                "about": ", ".join(film["genres"]),
                "ratings": f"{film['ratings']:,} rating{'' if film['ratings'] == 1 else 's'}",
                "given": None if given is None else rating_label(model.ratings.scale, given),
                "options": star_options(model.ratings.scale, item),
            }
        )
    return shown


def _profile(model: TasteModel, trying: Trying, segment: int) -> Context:
    profiles, _ = model.placer.profiles(new_history(model.ratings, trying.stars))
    return profile_beside_segment(
        model, "You", segment, profiles.means[0].tolist(), profiles.counts[0].tolist()
    )
