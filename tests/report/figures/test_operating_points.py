import math
import re
import xml.etree.ElementTree as ET

import pytest

from lacunar.report.figures import operating_path

SVG = "{http://www.w3.org/2000/svg}"
TAUS = [0.0, 0.25, 0.5, 1.0]
ACCURACY, F1 = [0.70, 0.69, 0.68, 0.60], [0.57, 0.58, 0.59, 0.55]


def draw(as_answered: int = 0) -> str:
    return operating_path(TAUS, ACCURACY, F1, as_answered=as_answered)


def corners(svg: str) -> list[tuple[float, float]]:
    (data,) = [
        path.get("d", "")
        for path in ET.fromstring(svg).iter(f"{SVG}path")
        if path.get("fill") == "none"
    ]
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", data)]


def test_points_lie_where_the_numbers_say() -> None:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners(draw())
    assert math.isclose((x0 - x1) / (x0 - x3), 0.1, abs_tol=0.01)
    assert math.isclose((x0 - x2) / (x0 - x3), 0.2, abs_tol=0.01)
    assert math.isclose((y0 - y2) / (y3 - y2), 0.5, abs_tol=0.01)
    assert y2 < y1 < y0 < y3


def test_each_point_has_its_tau_and_the_models_own_is_hollow() -> None:
    for own in range(4):
        root = ET.fromstring(draw(own))
        marks = [path for path in root.iter(f"{SVG}path") if path.get("transform")]
        assert [mark.get("fill") == "#fff" for mark in marks] == [i == own for i in range(4)]
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert [text for text in texts if text in {"0", "0.25", "0.5", "1"}] == [
        "0",
        "0.25",
        "0.5",
        "1",
    ]


def test_it_says_in_words_what_it_shows() -> None:
    assert "accuracy goes from 0.700 to 0.600, macro F1 from 0.570 to 0.550." in draw()


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_points_that_are_all_the_same_can_be_drawn(value: float) -> None:
    svg = operating_path([0, 1], [value] * 2, [value] * 2, as_answered=0)
    first, second = corners(svg)
    assert first == second
    assert not re.search("nan|inf", svg)


def test_where_nothing_is_known_nothing_is_drawn() -> None:
    svg = operating_path([0, 1], [math.nan] * 2, [math.nan] * 2, as_answered=0)
    assert "No label is known." in svg
    assert "<path" not in svg
