import math
import re
import xml.etree.ElementTree as ET

from lacunar.report.figures import risk_coverage_plot

SVG = "{http://www.w3.org/2000/svg}"
CURVE = [(0.02, 1.0, 0.2, 1.0), (0.5, 0.9, 0.8, 1.0), (0.8, 0.8, 0.75, 0.9), (1.0, 0.7, 0.6, 0.8)]
KEPT = [2, 50, 80, 100]


def draw(threshold: tuple[float, float] | None = (0.5, 0.9)) -> str:
    return risk_coverage_plot("<coat>", CURVE, kept=KEPT, usual=(0.8, 0.8), threshold=threshold)


def corners(svg: str, part: str) -> list[tuple[float, float]]:
    """Places of the curve, which is not filled, or of its band, which is closed."""
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        data = path.get("d", "")
        if path.get("transform") is None and data.endswith("z") == (part == "band"):
            return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", data)]
    raise AssertionError(part)


def test_the_curve_goes_through_its_points_but_those_of_few_answers() -> None:
    curve = corners(draw(), "curve")
    assert len(curve) == 3
    (x0, y0), (x1, y1), (x2, y2) = curve
    assert math.isclose((x1 - x0) / (x2 - x0), 0.3 / 0.5, abs_tol=0.01)
    assert math.isclose((y1 - y0) / (y2 - y0), 0.5, abs_tol=0.01)


def test_the_band_holds_the_curve() -> None:
    svg = draw()
    band, curve = corners(svg, "band"), corners(svg, "curve")
    highs, lows = band[:3], band[:2:-1]
    for (_, high), (_, y), (_, low) in zip(highs, curve, lows, strict=True):
        assert high <= y <= low


def test_the_threshold_and_the_usual_coverage_are_marked_on_the_curve() -> None:
    svg = draw()
    dashed = [
        float(line.get("x1", ""))
        for line in ET.fromstring(svg).iter(f"{SVG}line")
        if line.get("stroke-dasharray") == "4 3"
    ]
    curve = corners(svg, "curve")
    assert [round(x) for x in dashed] == [round(curve[1][0]), round(curve[0][0])]
    assert "threshold: 50\N{NO-BREAK SPACE}% of the answers given, 0.90 of them right" in svg
    assert "surest 80\N{NO-BREAK SPACE}%: 80\N{NO-BREAK SPACE}% of the answers given" in svg


def test_a_threshold_out_of_reach_is_told() -> None:
    svg = draw(None)
    assert "no threshold keeps an answer" in svg
    assert "No answer is kept by the threshold; of all answers 0.70 are." in svg


def test_names_are_escaped_and_few_or_no_answers_can_be_drawn() -> None:
    assert ET.fromstring(draw()).findtext(f"{SVG}title") == "Accuracy and coverage: <coat>"
    few = risk_coverage_plot("coat", CURVE[:1], kept=[2], usual=None, threshold=None)
    assert "of all answers 1.00 are" in few
    none = risk_coverage_plot("coat", [], kept=[], usual=None, threshold=None)
    assert "No label is known." in none
    assert not re.search("nan|inf", none)
