"""Short texts of objects in the interpreter, and small tables of them in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lacunar.aliases import shortened

#: Length of the longest text of an object, in characters.
MAX_LENGTH = 160


def short_repr(name: str, facts: Iterable[str]) -> str:
    """Return the text of an object: its class and some facts, on one line.

    Parameters
    ----------
    name : str
        Name of the class.
    facts : iterable of str
        The most important first: a text that is too long is cut at the end.

    Examples
    --------
    >>> short_repr("Ratings", ["12,000 ratings", "50 users"])
    '<Ratings: 12,000 ratings, 50 users>'
    """
    text = " ".join(", ".join(facts).split())
    return f"<{name}: {shortened(text, MAX_LENGTH)}>" if text else f"<{name}>"


def html_table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a small HTML table for notebooks; all texts are escaped.

    Parameters
    ----------
    caption : str
    columns : sequence of str
        Headings; none if empty.
    rows : iterable of sequence of object
        Cells; the first of each row is its heading. Cells without letters, such as numbers, are
        aligned to the right.

    Examples
    --------
    >>> html_table("A & B", ["Segment", "Users"], [["0", 7]])
    '<table><caption ...>A &amp; B</caption><thead><tr><th ...>Segment</th>...'
    """
    head = "".join(f"<th {_LEFT}>{escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr><th {_LEFT}>{escape(str(first))}</th>" + "".join(map(_cell, others)) + "</tr>"
        for first, *others in rows
    )
    return (
        f'<table><caption style="text-align: left; white-space: nowrap">{escape(caption)}</caption>'
        + (f"<thead><tr>{head}</tr></thead>" if columns else "")
        + f"<tbody>{body}</tbody></table>"
    )


_LEFT = 'style="text-align: left"'


def _cell(value: object) -> str:
    text = str(value)
    left = f" {_LEFT}" if any(character.isalpha() for character in text) else ""
    return f"<td{left}>{escape(text)}</td>"
