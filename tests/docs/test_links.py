"""Links of the README, the guides and the other pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *ROOT.glob("docs/*.md")]
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Files of the repository that a page names without a link, such as `benchmarks/scale_tastes.py`.
_NAMED = re.compile(r"`((?:benchmarks|docs|scripts|src|tests)/[\w./-]+)`")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page: Path) -> str:
    """A page without its fenced blocks, in which brackets are not links."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(text):
        shown = _LINK.sub(
            lambda link: link[0][link[0].index("[") + 1 : link[0].index("]")], heading
        )
        words = re.sub(r"[^\w\- ]", "", shown.lower()).strip().replace(" ", "-")
        found[words] = found.get(words, -1) + 1
        if found[words]:
            found[f"{words}-{found[words]}"] = 0
    return set(found)


def dead_links(page: Path) -> list[str]:
    """Links of a page to a missing file or heading; web addresses are not checked."""
    dead = []
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        known = file.exists() and file.is_relative_to(ROOT)
        if not known or (anchor and anchor not in anchors(prose(file))):
            dead.append(target)
    return dead


@every_page
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Path) -> None:
    assert dead_links(page) == []


@every_page
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert [name for name in _NAMED.findall(prose(page)) if not (ROOT / name).exists()] == []


def test_every_guide_can_be_reached_from_the_index() -> None:
    linked = set(_LINK.findall(prose(ROOT / "docs/index.md")))
    assert {path.name for path in ROOT.glob("docs/*.md")} - linked == {"index.md"}


def test_headings_become_the_anchors_that_github_makes() -> None:
    text = "# A guide\n## What's in `x_y`?\n## [Seen](a.md), twice\n## A guide\n"
    assert anchors(text) == {"a-guide", "whats-in-x_y", "seen-twice", "a-guide-1"}


def test_a_dead_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dead_links.__globals__, "ROOT", tmp_path)
    page = tmp_path / "a.md"
    page.write_text(
        "# Here\n[it](#here) [no](#there) [gone](b.md) [net](https://x.example/) ![p](p.png)\n"
        "```\n[no link](c.md)\n```\n"
    )
    assert dead_links(page) == ["#there", "b.md", "p.png"]
