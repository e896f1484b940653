from __future__ import annotations

import xml.etree.ElementTree as ET

from lacunar.report.figures import mean_intervals

SVG = "{http://www.w3.org/2000/svg}"
ROWS = {"good": (0.3, 0.25, 0.4), "bare": (0.1, None, None)}


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_each_row_has_its_name_and_mean() -> None:
    shown = texts(mean_intervals(ROWS, title="Quality", unit="nDCG@10"))
    assert {"good", "0.300", "bare", "0.100", "nDCG@10"} <= set(shown)


def test_a_mean_without_an_interval_has_no_whiskers() -> None:
    both = mean_intervals(ROWS, title="t", unit="u").count("<line")
    one = mean_intervals({"good": ROWS["good"]}, title="t", unit="u").count("<line")
    none = mean_intervals({"bare": (0.4, None, None)}, title="t", unit="u").count("<line")
    assert both == one
    assert one == none + 3


def test_the_description_names_the_highest() -> None:
    svg = mean_intervals(ROWS, title="t", unit="u")
    assert "2 means. Highest: good, 0.300." in svg
