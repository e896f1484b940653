import math
import re
import xml.etree.ElementTree as ET

from lacunar.report.figures import segment_profile, user_profile

SVG = "{http://www.w3.org/2000/svg}"
GENRES = ["Comedy", "Drama", "<b>War</b>"]
LEGEND = 1


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def of_user(means: list[float], counts: list[int]) -> str:
    return user_profile("User 4", "A", GENRES, means, [3.0, math.nan, 2.0], counts, domain=(1, 5))


def marks(svg: str) -> int:
    return len(list(parse(svg).iter(f"{SVG}path"))) - LEGEND


def bars(svg: str) -> int:
    lines = parse(svg).iter(f"{SVG}line")
    return sum(line.get("stroke-width") == "3" for line in lines) - LEGEND


def test_a_gap_has_no_mark_and_says_so() -> None:
    svg = of_user([4.0, math.nan, math.nan], [2, 0, 0])
    assert marks(svg) == 1
    assert svg.count(">no rating</text>") == 2
    assert "2 genres have no rating" in svg


def test_without_gaps_nothing_is_said_to_be_one() -> None:
    svg = of_user([4.0, 3.0, 2.0], [2, 5, 1])
    assert marks(svg) == 3
    assert ">no rating<" not in svg


def test_a_gap_of_the_reference_has_no_bar() -> None:
    assert bars(of_user([4.0, 3.0, 2.0], [2, 5, 1])) == 2


def test_a_mark_stands_where_the_scale_says() -> None:
    svg = of_user([1.0, 3.0, 5.0], [2, 5, 1])
    # The first path is the legend's mark or the first genre's; the places of genres are ordered.
    x = [int(place) for place in re.findall(r'd="M(\d+) ', svg)]
    low, middle, high = x[:3]
    assert middle - low == high - middle > 0


def test_counts_and_names_are_shown_and_escaped() -> None:
    words = [e.text for e in parse(of_user([4.0, 3.0, 2.0], [1234, 5, 1])).iter(f"{SVG}text")]
    assert {"1,234", "<b>War</b>", "User 4"} <= set(words)


def test_each_segment_has_its_own_mark() -> None:
    def draw(segment: int) -> str:
        return segment_profile("A", segment, ["War"], [4.0], [3.0], [7], domain=(1, 5))

    def shape(svg: str) -> str:
        return re.sub(r"M\d+ \d+", "", next(parse(svg).iter(f"{SVG}path")).get("d", ""))

    assert shape(draw(0)) != shape(draw(1))


def test_a_genre_nobody_rated_is_a_gap_of_the_segment() -> None:
    svg = segment_profile("A", 0, ["War"], [math.nan], [3.0], [0], domain=(1, 5))
    assert marks(svg) == 0
    assert ">no rating</text>" in svg
