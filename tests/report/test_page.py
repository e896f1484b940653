from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from lacunar import __version__
from lacunar.report.page import Heading, render_page

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Outline(HTMLParser):
    """Checks that tags nest, and keeps what the tests ask about."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def index(title: str = "Reports") -> str:
    return render_page("index.html", title=title, lead="All of them.", entries=[], notes=[])


def test_tags_nest_and_the_language_is_named() -> None:
    tags = outline(index()).tags
    assert tags[0] == ("html", {"lang": "en"})
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in tags


def test_a_hostile_title_is_escaped() -> None:
    page = index("<script>alert(1)</script>")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2


def test_the_style_is_in_the_page_as_written() -> None:
    page = index()
    assert '"Segoe UI"' in page
    assert "<link" not in page


def test_the_page_forbids_what_it_does_not_need() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in index()


def test_contents_lead_to_sections_and_their_parts() -> None:
    contents = [Heading("a", "First", (Heading("b", "Part of <first>"),))]
    page = render_page("index.html", title="t", lead="l", entries=[], notes=[], contents=contents)
    assert '<a href="#a">First</a>' in page
    assert '<a href="#b">Part of &lt;first&gt;</a>' in page


def test_without_headings_there_is_no_table_of_contents() -> None:
    assert "<nav" not in index()


def test_a_name_the_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="entries"):
        render_page("index.html", title="t", lead="l")


def test_markup_is_not_escaped_twice() -> None:
    assert "<h1>a <em>b</em></h1>" in index(Markup("a <em>b</em>"))


def test_the_version_is_named() -> None:
    assert f"Made with lacunar {__version__}." in index()
