import xml.etree.ElementTree as ET

import pytest

from lacunar.report.svg import drawing, element, label, number


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.0, "12"), (12.04, "12"), (12.06, "12.1"), (-0.04, "0"), (1200.0, "1200")],
)
def test_coordinates_are_rounded_and_short(value: float, text: str) -> None:
    assert number(value) == text


def test_text_and_attributes_are_escaped() -> None:
    hostile = "<script>\"'&"
    parsed = parse(element("g", hostile, id=hostile))
    assert parsed.text == hostile
    assert parsed.get("id") == hostile
    assert "<script>" not in element("g", hostile, id=hostile)


def test_markup_among_the_children_stays_markup() -> None:
    assert element("g", element("line"), "<line/>") == "<g><line/>&lt;line/&gt;</g>"


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert parse(element("g", "a\x00b\x1bc")).text == "a\ufffdb\ufffdc"


def test_attributes_without_a_value_are_left_out() -> None:
    assert element("line", x1=0, stroke_dasharray=None, stroke_width=2) == (
        '<line x1="0" stroke-width="2"/>'
    )


def test_a_drawing_says_what_it_shows_and_scales() -> None:
    svg = parse(drawing(400, 120, label("x", 1, 2), title="A < B", desc="C & D"))
    title, desc = list(svg)[:2]
    assert (title.text, desc.text) == ("A < B", "C & D")
    assert svg.get("role") == "img"
    assert svg.get("viewBox") == "0 0 400 120"
    assert svg.get("width") is None
