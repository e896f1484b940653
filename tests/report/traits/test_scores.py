from __future__ import annotations

from dataclasses import replace

import pytest

from lacunar.report.traits.scores import confusions, scores
from lacunar.traits.model import TraitsModel


def test_the_reported_part_comes_first_and_every_part_has_its_tables(
    folded_model: TraitsModel,
) -> None:
    found = scores(folded_model)
    assert found["part"] == "test"
    assert [part["name"] for part in found["parts"]] == ["test", "out-of-fold"]
    for part in found["parts"]:
        evaluation = folded_model.evaluations[part["name"]]
        table = part["tables"][0]
        shown = [tuple(float(row[column].striptags()) for column in (1, 4)) for row in table.rows]
        for both, figures in zip(shown, evaluation.scores, strict=True):
            assert both == pytest.approx(tuple(figures[:2]), abs=6e-4)


def test_the_largest_classes_are_named(people_model: TraitsModel) -> None:
    named = dict(one.split(": ") for one in scores(people_model)["largest"].split(", "))
    largest = people_model.evaluations["test"].largest
    for attribute, position in zip(people_model.schema.attributes, largest, strict=True):
        assert named[attribute.name.replace("_", " ")] == attribute.classes[position]


def test_a_matrix_has_the_counts_of_the_reported_part(people_model: TraitsModel) -> None:
    outputs = confusions(people_model)["outputs"]
    for output, confusion in zip(outputs, people_model.evaluations["test"].confusions, strict=True):
        rows = [[int(str(cell)) for cell in row[1:]] for row in output["matrix"].rows]
        assert rows == confusion.tolist()
        assert output["known"] == str(confusion.sum())


def test_without_test_images_the_other_part_stands_in(folded_model: TraitsModel) -> None:
    evaluations = {"out-of-fold": folded_model.evaluations["out-of-fold"]}
    found = scores(replace(folded_model, evaluations=evaluations))
    assert found["part"] == "out-of-fold"
    assert "trained without it" in found["parts"][0]["whose"]
