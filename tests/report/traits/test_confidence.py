import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

from lacunar.report.traits.confidence import confidence
from lacunar.traits.confidence.measures import Confidence, measure_confidence
from lacunar.traits.data.schema import Attribute, Schema

HOSTILE = "<b>coat</b>"
SCHEMA = Schema(
    (
        Attribute(HOSTILE, ("open", "closed", "none")),
        Attribute("hat_on", ("off", "on")),
        Attribute("unseen", ("no", "yes")),
    ),
    image_column="file",
)


@pytest.fixture(scope="module")
def found() -> tuple[Confidence, ...]:
    rng = np.random.default_rng(0)
    before = [rng.dirichlet([1] * n, 120) for n in (3, 2, 2)]
    labels = np.stack([output.argmax(axis=1) for output in before], axis=1)
    labels[rng.random((120, 3)) < 0.3] = 0
    labels[:, 1][:20] = -1
    labels[:, 2] = -1
    after = [output**0.5 / (output**0.5).sum(axis=1, keepdims=True) for output in before]
    return measure_confidence(SCHEMA, labels, before, after, [2.0, 2.0, 1.0], [0.5, None, None])


def page(found: tuple[Confidence, ...]) -> str:
    templates = Environment(
        loader=PackageLoader("lacunar.report"), autoescape=True, undefined=StrictUndefined
    )
    template = templates.get_template("traits_confidence.html")
    return template.render(confidence=confidence(found, "test"))


def cells(table: Any) -> list[list[str]]:
    """Cells of a table with the machine's number where a cell has one."""
    return [
        [(re.findall(r'value="([^"]*)"', cell) or [str(cell)])[0] for cell in row]
        for row in table.rows
    ]


def test_tables_hold_the_numbers_of_every_output(found: tuple[Confidence, ...]) -> None:
    context = confidence(found, "test")
    rows = cells(context["calibration"])
    assert [row[0] for row in rows] == [HOSTILE, "hat on", "unseen"]
    assert float(rows[0][2]) == pytest.approx(found[0].before.ece, abs=1e-6)
    assert float(rows[0][3]) == pytest.approx(found[0].after.ece, abs=1e-6)
    assert [row[-2:] for row in rows] == [["120", "0"], ["100", "20"], ["0", "120"]]
    kept = cells(context["abstention"])
    assert float(kept[0][2]) == pytest.approx(found[0].accuracy_at_80, abs=1e-6)
    assert [row[3] for row in kept] == ["0.500000", "out of reach", "out of reach"]
    assert kept[2][1:3] == ["none", "none"]


def test_means_are_over_the_outputs_with_labels(found: tuple[Confidence, ...]) -> None:
    context = confidence(found, "test")
    expected = (found[0].accuracy_at_80 + found[1].accuracy_at_80) / 2
    assert f'value="{expected:.6f}"' in str(context["accuracy_at_80"])


def test_it_names_the_outputs_whose_error_is_more_than_chance(
    found: tuple[Confidence, ...],
) -> None:
    chance = found[1].after.ece_chance_high
    first = replace(found[0], after=replace(found[0].after, ece=0.0))
    second = replace(found[1], after=replace(found[1].after, ece=chance + 0.01))
    assert "which it is for hat on." in page((first, second))
    assert "which none is." in page((first,))


def test_every_figure_has_its_numbers_folded_beside_it(found: tuple[Confidence, ...]) -> None:
    shown = page(found)
    assert shown.count("<svg") == 4
    assert shown.count("<details>") == 5
    for name in (HOSTILE, "hat on"):
        context = next(o for o in confidence(found, "test")["outputs"] if o["name"] == name)
        assert len(context["reliability_table"].rows) == 8
        curve = cells(context["coverage_table"])
        assert len(curve) <= 20
        assert curve[-1][0] == "1"


def test_an_output_without_labels_says_so_and_names_are_escaped(
    found: tuple[Confidence, ...],
) -> None:
    shown = page(found)
    assert "None of 120 labels is known." in shown
    assert "<b>" not in shown
    assert 'id="confidence-2"' in shown
