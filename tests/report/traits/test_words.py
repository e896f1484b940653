from __future__ import annotations

from dataclasses import replace

from lacunar.report.traits.words import anchor, of_split, reported_split, spoken
from lacunar.traits.model import TraitsModel


def test_names_are_spoken_without_underscores() -> None:
    assert spoken("torso_colour_2") == "torso colour 2"


def test_an_anchor_is_made_of_the_position_alone() -> None:
    assert [anchor("labels", position) for position in (0, 12)] == ["labels-0", "labels-12"]


def test_only_the_training_part_has_another_adjective() -> None:
    assert [of_split(part) for part in ("train", "validation", "test", "out-of-fold")] == [
        "training",
        "validation",
        "test",
        "out-of-fold",
    ]


def test_the_test_part_is_reported_where_there_is_one(
    people_model: TraitsModel, folded_model: TraitsModel
) -> None:
    for model, other in ((people_model, "validation"), (folded_model, "out-of-fold")):
        assert reported_split(model) == "test"
        without = {part: found for part, found in model.evaluations.items() if part != "test"}
        assert reported_split(replace(model, evaluations=without)) == other
