"""Views of recommendation lists and of their controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lacunar.report.tables import score
from lacunar.report.taste.recommendations import RULES
from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.json_schema import RecommendationsDocument
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import recommendations_document
from lacunar.web.list_requests import list_query

Context = dict[str, Any]

_LENGTHS = (5, 10, 20, 50, 100)
_CONTROLS = (
    ("adventure", "Adventure", "Look beyond the nearest segment, to what fewer people know."),
    ("favourites", "Favourites", "Follow the genres the ratings show to be liked."),
    ("diversity", "Diversity", "Make the list more varied."),
)


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a menu."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Slider:
    """A control from 0 to 1."""

    name: str
    label: str
    meaning: str
    value: str


def list_controls(model: TasteModel, list_request: ListRequest) -> Context:
    """Menus and sliders with the values of a request."""
    own = model.config.recommender
    return {
        "sliders": [
            Slider(name, label, meaning, f"{getattr(list_request.controls, name):g}")
            for name, label, meaning in _CONTROLS
        ],
        "recommenders": [
            Option(
                "" if by == own else by,
                RULES[by] + (" (the model's own)" if by == own else ""),
                by == (list_request.by or own),
            )
            for by in sorted(RECOMMENDERS, key=lambda by: by != own)
        ],
        "genres": [
            Option("", "any genre", not list_request.genres),
            *(Option(genre, genre, genre in list_request.genres) for genre in model.ratings.genres),
        ],
        "lengths": [
            Option(str(n), model.ratings.noun.counted(n), n == list_request.k)
            for n in sorted({*_LENGTHS, list_request.k})
        ],
        "open": bool(list_query(list_request)),
        "first_year": "" if list_request.first_year is None else str(list_request.first_year),
        "last_year": "" if list_request.last_year is None else str(list_request.last_year),
    }


def shown_list(
    model: TasteModel,
    user: int | Mapping[str, float],
    list_request: ListRequest,
    *,
    before: Mapping[str, float] | None = None,
) -> Context:
    """The view of a recommendation list; heavy work, for the pool.

    Parameters
    ----------
    model : TasteModel
    user : int or mapping of str to float
        See :func:`lacunar.taste.to_json.recommendations_document`.
    list_request : ListRequest
    before : mapping of str to float, optional
        Earlier ratings; each film then shows how its rank changed.
    """
    note = None
    by = list_request.by or model.config.recommender
    if list_request.controls.adventure and by != "personal":
        # A page keeps the slider when the menu changes, so this is not an error.
        note = f"Adventure needs the recommender {RULES['personal']}; it is left out here."
        controls = Controls(
            favourites=list_request.controls.favourites, diversity=list_request.controls.diversity
        )
        list_request = replace(list_request, controls=controls)
    found = recommendations_document(model, user, list_request)
    places = None
    if before is not None:
        places = _places(recommendations_document(model, before, list_request))
    return {
        "recommender": RULES[found["by"]],
        "note": note,
        "films": [
            {
                "title": film["title"],
                "genres": ", ".join(film["genres"]),
                "score": score(film["score"]),
                "reasons": [reason["text"] for reason in film["reasons"]],
                "moved": None if places is None else _moved(places.get(film["item"]), place),
            }
            for place, film in enumerate(found["items"])
        ],
    }


def _places(found: RecommendationsDocument) -> dict[int | str, int]:
    return {film["item"]: place for place, film in enumerate(found["items"])}


def _moved(before: int | None, place: int) -> str | None:
    """The change of a film's rank in words; None without a change.

    Examples
    --------
    >>> _moved(None, 0), _moved(3, 1), _moved(0, 4), _moved(2, 2)
    ('new', 'up 2', 'down 4', None)
    """
    if before is None:
        return "new"
    if before == place:
        return None
    return f"up {before - place}" if before > place else f"down {place - before}"
