import re
import xml.etree.ElementTree as ET

import numpy as np

from lacunar.report.figures import user_map

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def draw(coordinates: np.ndarray, segments: np.ndarray, n_users: int, k: int = 2) -> str:
    return user_map(
        coordinates,
        segments,
        names=[f"Segment {i + 1}" for i in range(k)],
        populations=[n_users - 1, 1] + [0] * (k - 2),
        n_users=n_users,
    )


def test_each_segment_is_one_path_and_one_line_of_the_legend() -> None:
    svg = parse(draw(np.eye(5, 2), np.array([0, 0, 1, 0, 1]), 5))
    counts = [(path.get("d") or "").count("M") for path in svg.iter(f"{SVG}path")]
    assert counts == [3, 2, 1, 1]
    words = [element.text for element in svg.iter(f"{SVG}text")]
    assert words[:2] == ["Segment 1: 4 users", "Segment 2: 1 users"]


def test_a_sample_says_so_and_everybody_too() -> None:
    place, segment = np.zeros((3, 2)), np.zeros(3, dtype=int)
    assert "A sample: 3 of 138,493 users" in draw(place, segment, 138_493)
    assert "All 3 users" in draw(place, segment, 3)


def test_distances_keep_their_proportions_and_up_is_up() -> None:
    svg = draw(np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 1.0]]), np.zeros(3, dtype=int), 3)
    places = np.array(re.findall(r"M(\d+) (\d+)", svg)[:3], dtype=float)
    right, up = places[1] - places[0], places[2] - places[0]
    assert abs(right[0] + 4 * up[1]) <= 4
    assert up[1] < 0 < right[0]


def test_twenty_thousand_users_in_ten_segments_stay_below_800_kb() -> None:
    rng = np.random.default_rng(0)
    svg = draw(rng.normal(size=(20_000, 2)), rng.integers(0, 10, 20_000), 138_493, k=10)
    assert len(svg.encode()) < 800_000


def test_a_map_of_nobody_can_be_drawn() -> None:
    svg = draw(np.zeros((0, 2)), np.zeros(0, dtype=int), 0)
    assert parse(svg).tag == f"{SVG}svg"


def test_a_name_is_escaped() -> None:
    svg = user_map(
        np.zeros((1, 2)), np.zeros(1, dtype=int), names=["<script>"], populations=[1], n_users=1
    )
    assert "<script>" not in svg
    assert "&lt;script&gt;: 1 users" in svg


def test_a_map_of_users_at_one_point_says_so() -> None:
    segments = np.zeros(3, dtype=int)
    assert "All at one point" in draw(np.zeros((3, 2)), segments, 3)
    assert "All at one point" not in draw(np.eye(3, 2), segments, 3)
