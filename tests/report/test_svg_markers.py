import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from lacunar.report.svg_markers import COLOURS, Marker, marker, points


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def test_neighbouring_groups_differ_in_shape_and_colour() -> None:
    looks = [marker(group) for group in range(56)]
    assert len(set(looks)) == 56
    for before, after in pairwise(looks):
        assert before.shape != after.shape
        assert before.colour != after.colour


def test_eight_shapes_have_eight_outlines() -> None:
    assert len({points([(0, 0)], Marker(shape, "#000"), 4) for shape in range(8)}) == 8


@pytest.mark.parametrize("shape", range(8))
def test_all_points_are_one_path(shape: int) -> None:
    path = parse(points([(1, 2), (3, 4), (5, 6)], Marker(shape, "#000"), 3))
    assert path.tag == "path"
    assert (path.get("d") or "").count("M") == 3


def test_a_square_is_drawn_around_its_place() -> None:
    path = parse(points([(10, 20)], Marker(2, "#000"), 1))
    # Tenths of a unit: 9 to the left and above, then 18 along each side.
    assert path.get("d") == "M91 191h18v18h-18z"


def test_a_hollow_mark_is_white_with_a_coloured_outline() -> None:
    path = parse(points([(0, 0)], Marker(0, COLOURS[1]), 1, hollow=True))
    assert (path.get("fill"), path.get("stroke")) == ("#fff", COLOURS[1])


def test_without_an_outline_there_is_no_stroke() -> None:
    assert "stroke" not in points([(0, 0)], Marker(0, "#000"), 1, outline=0)
