import xml.etree.ElementTree as ET

import pytest

from lacunar.report.figures import confusion_cells

SVG = "{http://www.w3.org/2000/svg}"


def cells(svg: str) -> list[ET.Element]:
    """Rectangles of the cells; the first is the background, outlines have no fill."""
    return [r for r in list(ET.fromstring(svg).iter(f"{SVG}rect"))[1:] if r.get("fill") != "none"]


def texts(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{SVG}text"))


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_counts_are_written_and_zeros_left_blank() -> None:
    svg = confusion_cells("coat", ["<open>", "closed"], [[3, 1], [0, 2]])
    assert [text.text for text in texts(svg)][3:] == [
        "<open>", "closed", "<open>", "4", "3", "1", "closed", "2", "2",
    ]  # fmt: skip
    assert "5 of 6 answers are right" in svg


def test_shades_are_shares_of_the_row() -> None:
    first, second, third, fourth = cells(confusion_cells("c", ["a", "b"], [[3, 1], [0, 20]]))
    shades = [luminance(cell.get("fill", "")) for cell in (third, second, first, fourth)]
    assert shades == sorted(shades, reverse=True)
    assert shades[0] == pytest.approx(1)


def test_numbers_can_be_read_on_every_shade() -> None:
    for count in range(1, 101):
        svg = confusion_cells("c", ["a", "b"], [[count, 100 - count], [0, 1]])
        fill = luminance(cells(svg)[0].get("fill", ""))
        ink = next(text for text in texts(svg)[5:] if text.get("text-anchor") == "middle")
        written = luminance(ink.get("fill") or "#1f2328")
        light, dark = max(fill, written), min(fill, written)
        assert (light + 0.05) / (dark + 0.05) >= 3.8, count


def test_long_names_are_slanted_and_many_classes_widen_the_figure() -> None:
    many = [f"class number {n}" for n in range(20)]
    svg = confusion_cells("c", many, [[1] * 20] * 20)
    assert svg.count("rotate(-45") == 20
    assert float(ET.fromstring(svg).get("viewBox", "").split()[2]) > 440
    assert "rotate" not in confusion_cells("c", ["a", "b"], [[1, 0], [0, 1]])


def test_a_class_without_labels_has_an_empty_row() -> None:
    assert "0 of 0 answers are right" in confusion_cells("c", ["a", "b"], [[0, 0], [0, 0]])
