"""Rendering of page templates."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lacunar.taste.data.item_noun import ItemNoun
from lacunar.version import __version__
from lacunar.web.assets import asset_url
from lacunar.web.navigation import links


def render(
    request: Request, template: str, *, title: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """Render a template that extends ``layout.html``.

    Parameters
    ----------
    request : Request
        Its path selects the current entry of the navigation.
    template : str
        File name under ``web/templates``, or ``report/templates`` for shared parts.
    title : str
        Title of the page, also its first-level heading.
    status : int
    **context
        Variables of the template; a missing one is an error. ``state``, ``links``, ``path``,
        ``noun`` and ``version`` are always set.
    """
    state, path = request.app.state.lacunar, request.scope["path"]
    noun = ItemNoun() if state.taste is None else state.taste.ratings.noun
    page = (
        templates()
        .get_template(template)
        .render(
            title=title,
            status=status,
            state=state,
            links=links(
                path,
                taste=state.taste is not None,
                traits=state.traits is not None,
                audit=state.traits is not None and state.traits.audit is not None,
                plural=noun.plural,
            ),
            path=path,
            noun=noun,
            version=__version__,
            **context,
        )
    )
    return HTMLResponse(page, status)


@cache
def templates() -> Environment:
    """Templates of the app, then those of the reports."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("lacunar.web"), PackageLoader("lacunar.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["asset_url"] = asset_url
    environment.filters["sentence"] = sentence
    return environment


def sentence(message: str) -> str:
    """An error message as a sentence, with a capital letter and a full stop.

    Examples
    --------
    >>> sentence("expected a number, got 'x'")
    "Expected a number, got 'x'."
    """
    end = "" if message.endswith((".", "…")) else "."
    return message[:1].upper() + message[1:] + end
