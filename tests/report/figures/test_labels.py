import xml.etree.ElementTree as ET

from lacunar.report.figures import label_bars

SVG = "{http://www.w3.org/2000/svg}"
COUNTS = {"training": [0, 30, 10], "test": [2, 3, 5]}


def draw() -> ET.Element:
    return ET.fromstring(label_bars("coat", ["unknown", "<open>", "closed"], COUNTS))


def test_lengths_are_shares_of_their_part() -> None:
    bars = [r for r in draw().iter(f"{SVG}rect") if r.get("height") == "12"]
    widths = [float(bar.get("width", "")) for bar in bars if bar.get("width") != "18"]
    # Shares .2, .75, .3, .25 and .5; a count of nothing has no bar.
    expected = [share / 0.75 * widths[1] for share in (0.2, 0.75, 0.3, 0.25, 0.5)]
    assert [round(width) for width in widths] == [round(width) for width in expected]


def test_every_count_is_written_zero_too() -> None:
    texts = [element.text for element in draw().iter(f"{SVG}text")]
    assert texts == [
        "unknown", "0", "2", "<open>", "30", "3", "closed", "10", "5", "training", "test",
    ]  # fmt: skip
