"""The index page that links the reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lacunar.report.page import render_page


@dataclass(frozen=True, slots=True)
class Entry:
    """A link to a report.

    Parameters
    ----------
    title : str
    description : str
        One or two sentences.
    href : str
        Relative to the index page.

    Raises
    ------
    ValueError
        If ``href`` is not a relative path.
    """

    title: str
    description: str
    href: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.href)
        if parts.scheme or parts.netloc or not parts.path:
            raise ValueError(f"expected a relative path to a report, got {self.href!r}")


def index_page(title: str, entries: Sequence[Entry], *, notes: Sequence[str] = ()) -> str:
    """Return the index page as HTML.

    Parameters
    ----------
    title : str
    entries : sequence of Entry
    notes : sequence of str
        Paragraphs below the links.

    Examples
    --------
    >>> page = index_page("Demo", [Entry("Tastes", "Who likes what.", "taste.html")])
    >>> '<a href="taste.html">Tastes</a>' in page
    True
    """
    return render_page(
        "index.html",
        title=title,
        lead="Every page is one file: it loads nothing and can be kept, sent or printed as it is.",
        entries=entries,
        notes=notes,
    )
