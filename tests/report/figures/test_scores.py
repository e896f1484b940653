import math
import xml.etree.ElementTree as ET

from lacunar.report.figures import score_dots

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["<coat>", "hat", "shoe"]


def draw() -> str:
    nothing = math.nan
    return score_dots(
        NAMES,
        [0.8, nothing, 0.5],
        [(0.7, 0.9), (nothing, nothing), (0.3, 0.6)],
        [0.6, nothing, 0.4],
        figure="accuracy",
    )


def test_each_output_has_its_number_and_one_without_label_says_so() -> None:
    texts = [element.text for element in ET.fromstring(draw()).iter(f"{SVG}text")]
    assert [text for text in texts if text in {*NAMES, "0.80", "0.50", "no label"}] == [
        "<coat>",
        "0.80",
        "hat",
        "no label",
        "shoe",
        "0.50",
    ]


def test_it_says_how_many_are_better_than_the_largest_class() -> None:
    assert "Intervals of 1 of 3 outputs are wholly above the largest class." in draw()


def test_marks_lie_where_the_numbers_say() -> None:
    lines = list(ET.fromstring(draw()).iter(f"{SVG}line"))
    intervals = [line for line in lines if line.get("stroke-width") == "2.5"][:-1]
    bars = [line for line in lines if line.get("stroke-width") == "3"][:-1]
    first = intervals[0]
    low, high = float(first.get("x1", "")), float(first.get("x2", ""))
    scale = (high - low) / 0.2
    assert math.isclose(low - float(bars[0].get("x1", "")), 0.1 * scale, abs_tol=0.1)
    assert (len(intervals), len(bars)) == (2, 2)
