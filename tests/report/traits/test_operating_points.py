from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lacunar.report.traits.operating_points import operating_points
from lacunar.traits.model import TraitsModel


def test_the_reported_part_comes_first_and_every_part_has_its_tables(
    folded_model: TraitsModel,
) -> None:
    found = operating_points(folded_model)
    assert found is not None
    assert [part["name"] for part in found["parts"]] == ["test", "out-of-fold"]
    for part in found["parts"]:
        figures = folded_model.operating_points[part["name"]].scores
        assert [row[0] for row in part["mean"].rows] == ["0 (as answered)", "0.25", "0.5", "1"]
        shown = [[float(cell.striptags()) for cell in row[1:]] for row in part["mean"].rows]
        assert np.array(shown) == pytest.approx(figures[:, -1], abs=6e-4)


def test_an_adjusted_model_says_where_it_answers_of_its_own(folded_model: TraitsModel) -> None:
    adjusted = {
        part: replace(points, as_answered=0.5)
        for part, points in folded_model.operating_points.items()
    }
    found = operating_points(replace(folded_model, operating_points=adjusted))
    assert found is not None
    assert (found["trained"], found["as_answered"]) == (True, "0.5")
    assert found["parts"][0]["mean"].rows[2][0] == "0.5 (as answered)"


def test_an_output_without_a_label_has_no_figures(folded_model: TraitsModel) -> None:
    points = folded_model.operating_points["test"]
    figures = points.scores.copy()
    figures[:, 0] = np.nan
    unknown = {"test": replace(points, scores=figures)}
    found = operating_points(replace(folded_model, operating_points=unknown))
    assert found is not None
    assert [part["name"] for part in found["parts"]] == ["test"]
    assert [str(cell) for cell in found["parts"][0]["outputs"].rows[0][2:]] == ["none"] * 3


def test_a_model_that_holds_none_has_no_section(folded_model: TraitsModel) -> None:
    assert operating_points(replace(folded_model, operating_points={})) is None
