from __future__ import annotations

import xml.etree.ElementTree as ET

from lacunar.report.figures.membership import membership_bars

SVG = "{http://www.w3.org/2000/svg}"


def drawn(probabilities: list[float]) -> ET.Element:
    return ET.fromstring(membership_bars("<Jo>", ["A", "B"], probabilities, [0.25, 0.75]))


def bars(svg: ET.Element) -> list[float]:
    """Widths of the filled bars: each follows the track it lies on."""
    heights = [r for r in svg.iter(f"{SVG}rect") if r.get("height") == "10"]
    return [float(r.get("width", "")) for r in heights[1::2]]


def test_bars_are_as_long_as_probabilities_are_high() -> None:
    first, second = bars(drawn([0.8, 0.2]))
    assert abs(first / second - 4) < 0.01
    assert bars(drawn([1.0, 0.0]))[1] == 0


def test_numbers_stand_beside_bars_and_hostile_names_are_text() -> None:
    svg = drawn([0.8, 0.2])
    texts = [element.text for element in svg.iter(f"{SVG}text")]
    assert {"80.0%", "20.0%"} <= set(texts)
    title = svg.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Where <Jo> belongs"


def test_only_what_is_certain_is_written_so() -> None:
    texts = [element.text for element in drawn([0.99999, 0.00001]).iter(f"{SVG}text")]
    assert {">99.9%", "<0.1%"} <= set(texts)
    certain = [element.text for element in drawn([1.0, 0.0]).iter(f"{SVG}text")]
    assert {"100.0%", "0.0%"} <= set(certain)


def test_segments_differ_in_shape_as_well() -> None:
    paths = [path.get("d", "") for path in drawn([0.5, 0.5]).iter(f"{SVG}path")]
    assert "a" in paths[0]
    assert "a" not in paths[1]
