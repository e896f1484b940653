from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.taste.data.title_index import TitleIndex, plain_words

TITLES = [
    "Alien (1979)",
    "Aliens (1986)",
    "Alien: Resurrection (1997)",
    "Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)",
    "WALL·E (2008)",
    "E.T. the Extra-Terrestrial (1982)",
    "Schindler's List (1993)",
    "Pokémon: Ørsted & Łódź (1999)",
    "七人の侍 (1954)",
    "",
]
POPULAR = np.array([10, 90, 5, 7, 8, 9, 6, 1, 2, 0])


@pytest.fixture(scope="module")
def index() -> TitleIndex:
    return TitleIndex(TITLES, POPULAR)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("alien", [0, 1, 2]),  # the exact title first, then by popularity
        ("alien res", [2]),
        ("ALI", [1, 0, 2]),
        ("amelie", [3]),
        ("AMÉLIE poul", [3]),
        ("Ame\u0301lie", [3]),  # the accent as a combining character
        ("wall-e", [4]),
        ("walle", [4]),
        ("e.t.", [5]),
        ("et", [5]),
        ("extraterr", [5]),
        ("schindlers", [6]),
        ("Schindler\u2019s list", [6]),
        ("orsted lodz", [7]),
        ("七人", [8]),
        ("1986 aliens", [1]),
        ("aliens 1979", []),
        ("lien", []),
        ("", []),
        ("?!", []),
        ("alien " + " ".join(map(str, range(20))), []),
    ],
)
def test_titles_are_found_by_words_and_beginnings(
    index: TitleIndex, query: str, found: list[int]
) -> None:
    assert index.find(query, 10) == found


def test_no_more_than_asked_for_come(index: TitleIndex) -> None:
    assert index.find("a", 2) == index.find("a", 10)[:2]
    assert index.find("a", 0) == []


@given(st.lists(st.text("abÉé '-1", max_size=12), max_size=8), st.text("abeÉ 1", max_size=5))
def test_what_is_found_is_what_a_plain_loop_finds(titles: list[str], query: str) -> None:
    found = TitleIndex(titles, np.zeros(len(titles), dtype=np.int64)).find(query, 99)
    words = plain_words(query)
    certain = {
        place
        for place, title in enumerate(titles)
        if words and all(any(word.startswith(w) for word in plain_words(title)) for w in words)
    }
    assert certain <= set(found)
    # All others are found by compounds.
    assert all("-" in titles[place] for place in set(found) - certain)
    assert len(found) == len(set(found))


def test_a_large_catalogue_is_searched_in_a_moment() -> None:
    words = np.random.default_rng(0).integers(0, 5000, size=(60_000, 4))
    titles = [" ".join(f"w{word}" for word in row) + " (1999)" for row in words.tolist()]
    index = TitleIndex(titles, words[:, 0])
    start = time.perf_counter()
    for query in ("w", "1999", "w12 w3", "w4999 1"):
        assert index.find(query, 20)
    # A linear scan of the titles takes seconds.
    assert time.perf_counter() - start < 1.0
