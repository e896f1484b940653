"""Rendering of report pages: single HTML files without scripts or external resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from lacunar.version import __version__


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the table of contents.

    Parameters
    ----------
    anchor : str
        The ``id`` of the section.
    title : str
    parts : tuple of Heading
        Subsections.
    """

    anchor: str
    title: str
    parts: tuple[Heading, ...] = ()


def render_page(
    template: str,
    *,
    title: str,
    lead: str,
    contents: Sequence[Heading] = (),
    **context: object,
) -> str:
    """Render a template that extends ``base.html``.

    Parameters
    ----------
    template : str
        File name under ``report/templates``.
    title : str
    lead : str
        The sentence under the title.
    contents : sequence of Heading
        Table of contents; left out if empty.
    **context
        Variables of the template; a missing one is an error.

    Examples
    --------
    >>> page = render_page("index.html", title="A & B", lead="Two reports.", entries=[], notes=[])
    >>> "<title>A &amp; B</title>" in page
    True
    """
    return (
        _templates()
        .get_template(template)
        .render(title=title, lead=lead, contents=contents, version=__version__, **context)
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("lacunar.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
