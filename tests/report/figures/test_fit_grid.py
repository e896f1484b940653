import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lacunar.report.figures import bic_strips
from lacunar.report.svg import SMALL_TEXT

SVG = "{http://www.w3.org/2000/svg}"
BIC = np.array([[9.0, 8.0, 9.0, 9.0], [7.0, 8.5, 7.5, np.nan], [7.5, 9.5, 7.0, 6.0]])


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def strips(bic: np.ndarray, agreeing: tuple[int, ...] = ()) -> ET.Element:
    return parse(bic_strips(bic, [1, 2, 3], range(10, 14), chosen=3, agreeing=agreeing))


def drawn(svg: ET.Element, *, filled: bool) -> int:
    """Points of the strips; each of the three kinds in the legend is one more."""
    paths = [path for path in svg.iter(f"{SVG}path") if (path.get("fill") != "#fff") == filled]
    return sum((path.get("d") or "").count("M") for path in paths) - (1 if filled else 2)


def test_every_finite_fit_is_a_point_and_every_seed_one_filled_point() -> None:
    svg = strips(BIC)
    assert drawn(svg, filled=True) == 4
    assert drawn(svg, filled=False) == 11 - 4


def test_fits_that_found_the_partition_have_another_shape_at_the_chosen_k_only() -> None:
    paths = [path.get("d") or "" for path in strips(BIC, agreeing=(10, 12)).iter(f"{SVG}path")]
    diamonds = sum(d.count("M") for d in paths if "a" not in d)
    assert diamonds == 2 + 1


def test_the_chosen_k_is_named() -> None:
    words = [element.text for element in strips(BIC).iter(f"{SVG}text")]
    assert words.count("chosen") == 1
    assert {"1", "2", "3"} <= set(words)


def test_lower_bic_is_lower_on_the_paper_and_medians_are_in_place() -> None:
    bars = [
        float(line.get("y1", ""))
        for line in strips(BIC).iter(f"{SVG}line")
        if line.get("stroke-width") == "2.5"
    ][:3]
    # The medians are 9, 7.5 and 7.25.
    assert bars == sorted(bars)
    assert (bars[1] - bars[0]) / (bars[2] - bars[0]) == pytest.approx(1.5 / 1.75, abs=1e-3)


@pytest.mark.parametrize("size", [1.0, -1e5, -1e6, -1e9])
def test_labels_of_the_axis_have_room(size: float) -> None:
    ends = [
        (float(text.get("x", "")), len(text.text or ""))
        for text in strips(BIC * size).iter(f"{SVG}text")
        if text.get("text-anchor") == "end"
    ]
    assert len(ends) > 4
    # Digits of a wide font are .64 as wide as it is high, commas less.
    assert all(x >= 0.64 * SMALL_TEXT * letters for x, letters in ends)


def test_a_single_fit_and_none_at_all_can_be_drawn() -> None:
    for value in (-5.0, np.nan):
        svg = bic_strips(np.array([[value]]), [2], [0], chosen=2, agreeing=[0])
        assert parse(svg).tag == f"{SVG}svg"
