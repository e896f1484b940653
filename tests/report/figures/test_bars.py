import xml.etree.ElementTree as ET

from lacunar.report.figures import k_frequency_bars, ranked_bars

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parse(svg).iter(f"{SVG}text")]


def widths(svg: str, side: str = "width") -> list[float]:
    """Lengths of the bars; the first rectangle is the background."""
    return [float(bar.get(side, "")) for bar in list(parse(svg).iter(f"{SVG}rect"))[1:]]


def test_lengths_of_lying_bars_are_proportional_to_the_counts() -> None:
    long, short = widths(ranked_bars({"Drama": 400, "War": 100}, title="t", unit="films"))
    assert long / short == 4


def test_each_lying_bar_has_its_name_and_number() -> None:
    svg = ranked_bars({"Drama": 4361, "<b>": 34}, title="t", unit="films")
    assert texts(svg) == ["Drama", "4,361", "<b>", "34"]


def test_no_names_give_an_empty_figure() -> None:
    assert texts(ranked_bars({}, title="t", unit="films")) == []


def test_heights_of_votes_are_proportional_and_zero_has_no_bar() -> None:
    heights = widths(k_frequency_bars({1: 0, 2: 14, 3: 7}, 2), "height")
    assert len(heights) == 2
    assert heights[0] / heights[1] == 2


def test_the_chosen_k_is_named_and_stands_out() -> None:
    svg = k_frequency_bars({1: 0, 2: 14, 3: 7}, 2)
    fills = [bar.get("fill") for bar in parse(svg).iter(f"{SVG}rect")][1:]
    assert texts(svg).count("chosen") == 1
    assert fills[0] != fills[1]


def test_votes_keep_the_label_of_the_chosen_k_where_not_all_fit() -> None:
    svg = k_frequency_bars({k: int(k == 17) for k in range(1, 41)}, 17)
    assert "17" in texts(svg)
    assert "16" not in texts(svg)
