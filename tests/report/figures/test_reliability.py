import math
import re
import xml.etree.ElementTree as ET

from lacunar.report.figures import reliability_plot

SVG = "{http://www.w3.org/2000/svg}"
BEFORE = [(0.7, 0.5, 0.4, 0.6), (0.95, 0.8, 0.75, 0.85)]
AFTER = [(0.55, 0.5, 0.4, 0.6), (0.8, 0.8, 0.75, 0.85)]
COUNTS = [0] * 10 + [3, 0, 0, 0, 1, 0, 0, 0, 2, 4]


def draw(name: str = "coat") -> ET.Element:
    return ET.fromstring(reliability_plot(name, BEFORE, AFTER, COUNTS, COUNTS[::-1]))


def uprights(svg: ET.Element, width: str) -> list[tuple[float, float, float]]:
    found = [
        tuple(float(line.get(key, "")) for key in ("x1", "y1", "y2"))
        for line in svg.iter(f"{SVG}line")
        if line.get("stroke-width") == width and line.get("x1") == line.get("x2")
    ]
    return found[:-1]  # the last is of the legend


def test_marks_lie_where_the_numbers_say() -> None:
    svg = draw()
    diagonal = next(line for line in svg.iter(f"{SVG}line") if line.get("stroke-width") == "1.5")
    left, bottom, right, top = (float(diagonal.get(key, "")) for key in ("x1", "y1", "x2", "y2"))
    for bins, width in ((AFTER, "2.2"), (BEFORE, "1.2")):
        for (x, low, high), one in zip(uprights(svg, width), bins, strict=True):
            shares = [
                (x - left) / (right - left),
                *((bottom - y) / (bottom - top) for y in (low, high)),
            ]
            expected = [(value - 0.4) / 0.6 for value in (one[0], one[2], one[3])]
            assert all(
                math.isclose(a, b, abs_tol=0.005) for a, b in zip(shares, expected, strict=True)
            )


def test_before_and_after_differ_without_colour() -> None:
    svg = draw()
    lines = list(svg.iter(f"{SVG}line"))
    assert all(line.get("stroke-dasharray") for line in lines if line.get("stroke-width") == "1.2")
    assert not any(
        line.get("stroke-dasharray") for line in lines if line.get("stroke-width") == "2.2"
    )
    fills = {path.get("fill") for path in svg.iter(f"{SVG}path")}
    assert "#fff" in fills
    assert len(fills) == 3  # hollow, filled, and the outline of the counts


def test_bars_are_the_counts_after_calibration() -> None:
    svg = ET.fromstring(reliability_plot("coat", BEFORE, AFTER, COUNTS[::-1], COUNTS))
    heights = [float(r.get("height", "")) for r in svg.iter(f"{SVG}rect") if r.get("stroke")]
    assert [round(height / max(heights), 2) for height in heights] == [0.75, 0.25, 0.5, 1.0]


def test_it_says_how_many_intervals_hold_the_diagonal() -> None:
    description = draw().findtext(f"{SVG}desc")
    assert description == ("0 of 2 intervals hold the diagonal before calibration, 2 of 2 after.")


def test_names_are_escaped_and_nothing_can_be_drawn() -> None:
    hostile = "<script>"
    assert draw(hostile).findtext(f"{SVG}title") == f"Reliability: {hostile}"
    empty = reliability_plot("coat", [], [], [0] * 20, [0] * 20)
    assert "0 of 0 intervals" in empty
    assert not re.search("nan|inf", empty)
