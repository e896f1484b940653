from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from lacunar.report.figures.pairs import paired_shares
from lacunar.report.svg_markers import marker

SVG = "{http://www.w3.org/2000/svg}"
ROWS = ["Drama", "<War>", "Horror"]


def drawn(first: list[float], second: list[float], rows: list[str] = ROWS) -> ET.Element:
    svg = paired_shares(
        rows, first, second, names=("One", "Two"), looks=(marker(0), marker(1)),
        faint=[False, True, False][: len(rows)], title="Shares",
    )  # fmt: skip
    return ET.fromstring(svg)


def joins(svg: ET.Element) -> list[tuple[float, float]]:
    """Both ends of each row's line."""
    lines = [line for line in svg.iter(f"{SVG}line") if line.get("stroke-width") == "1.5"]
    return [(float(line.get("x1", "")), float(line.get("x2", ""))) for line in lines]


def test_lines_are_as_long_as_shares_are_apart() -> None:
    found = joins(drawn([0.4, 0.1, 0.2], [0.1, 0.1, 0.1]))
    lengths = [a - b for a, b in found]
    assert lengths[1] == 0
    assert lengths[0] == pytest.approx(3 * lengths[2], abs=0.1)


def test_only_what_chance_would_explain_is_grey() -> None:
    svg = drawn([0.4, 0.1, 0.2], [0.1, 0.1, 0.1])
    named = {text.text: text.get("fill") for text in svg.iter(f"{SVG}text") if text.text in ROWS}
    assert named == {"Drama": None, "<War>": "#57606a", "Horror": None}


def test_words_tell_the_widest_difference() -> None:
    desc = drawn([0.4, 0.1, 0.2], [0.1, 0.1, 0.1]).find(f"{SVG}desc")
    assert desc is not None
    assert re.search(r"Furthest apart: Drama, 40.0% and 10.0%", desc.text or "")


def test_nothing_to_compare_is_an_empty_figure() -> None:
    assert joins(drawn([], [], [])) == []
