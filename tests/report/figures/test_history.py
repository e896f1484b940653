import re
import xml.etree.ElementTree as ET

from lacunar.report.figures import history_lines

SVG = "{http://www.w3.org/2000/svg}"


def paths(svg: str) -> list[str]:
    return [path.get("d", "") for path in ET.fromstring(svg).iter(f"{SVG}path")]


def points(data: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", data)]


def test_a_line_has_a_point_per_epoch_and_falls_with_the_loss() -> None:
    train, validation = paths(history_lines("Loss", [3.0, 2.0, 1.0], [3.0, 2.5, 2.6], best=2))
    assert [x for x, _ in points(train)] == [x for x, _ in points(validation)]
    down = [y for _, y in points(train)]
    assert down == sorted(down)


def test_a_first_loss_far_above_the_others_is_written_not_drawn() -> None:
    svg = history_lines("Loss", [90.0, 2.0, 1.0], [3.0, 2.5, 2.6], best=2)
    assert "↑ 90.0" in svg
    top = min(y for _, y in points(paths(svg)[0]))
    assert points(paths(svg)[0])[0][1] == top
    assert "↑" not in history_lines("Loss", [3.0, 2.0], [3.0, 2.5], best=2)


def test_an_epoch_without_a_value_leaves_a_hole() -> None:
    svg = history_lines("Accuracy", [0.1, None, 0.3], [None, None, None], best=1, whole=(0, 1))
    (only,) = paths(svg)
    assert only.count("M") == 2


def test_the_kept_epoch_is_named() -> None:
    assert "kept: 2" in history_lines("Loss", [3.0, 2.0], [3.0, 2.5], best=2)


def test_one_epoch_can_be_drawn() -> None:
    assert len(paths(history_lines("Loss", [3.0], [3.0], best=1))) == 2
