"""SVG elements with escaped texts and attributes."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from lacunar import colours

INK, MUTED, GRID = colours.INK, colours.MUTED, colours.GRID
TEXT_SIZE = 13.0
SMALL_TEXT = 12.0

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
# XML 1.0 cannot hold these characters, even escaped, but a film title can.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def number(value: float, digits: int = 1) -> str:
    """Format a rounded coordinate without trailing zeros.

    Examples
    --------
    >>> number(12.04), number(-0.01), number(0.25, 2)
    ('12', '0', '0.25')
    """
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Return an element; children that are not markup already are escaped.

    Parameters
    ----------
    name : str
    *children : str
        Markup is not escaped, other text is.
    **attributes : str, float or None
        ``stroke_width`` is written ``stroke-width``; None leaves the attribute out.

    Examples
    --------
    >>> print(element("text", "Tom & Jerry", x=1.5, font_size=None))
    <text x="1.5">Tom &amp; Jerry</text>
    """
    written = "".join(
        f' {key.replace("_", "-")}="{_safe(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(_safe(child) for child in children)
    # Attributes and children are escaped above; escaping the whole would escape the tags.
    return Markup(f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>")  # noqa: S704


def label(
    content: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    size: float = TEXT_SIZE,
    fill: str = INK,
    weight: str | None = None,
    slant: str | None = None,
) -> Markup:
    """A text, vertically centred at ``y``."""
    return element(
        "text",
        content,
        x=x,
        y=y + 0.35 * size,
        text_anchor=None if anchor == "start" else anchor,
        font_size=None if size == TEXT_SIZE else size,
        fill=None if fill == INK else fill,
        font_weight=weight,
        font_style=slant,
    )


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    stroke: str = GRID,
    width: float = 1.0,
    dash: str | None = None,
) -> Markup:
    """A straight line."""
    return element(
        "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, stroke_dasharray=dash
    )


def rectangle(
    x: float, y: float, width: float, height: float, *, fill: str, stroke: str | None = None
) -> Markup:
    """An upright rectangle."""
    return element("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=stroke)


def drawing(width: float, height: float, *children: Markup, title: str, desc: str) -> Markup:
    """Return a figure that scales with its container and describes itself in words.

    Examples
    --------
    >>> print(drawing(10, 5, title="Nothing", desc="An empty figure."))
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 5" role="img" ...
    """
    return element(
        "svg",
        element("title", title),
        element("desc", desc),
        rectangle(0, 0, width, height, fill="#fff"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        font_family=_FONT,
        font_size=TEXT_SIZE,
        fill=INK,
    )


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else number(value, 2)


def _safe(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", str(escape(text)))
