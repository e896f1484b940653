from __future__ import annotations

from dataclasses import replace

from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.torch_predictor import TorchTraits
from lacunar.web.views.traits_overview import TraitsViews, answers_table, overview


def test_every_attribute_has_its_own_figures(people_model: TraitsModel) -> None:
    found = overview(people_model)
    assert [output.name for output in found.outputs] == list(people_model.schema.names)
    for output in found.outputs:
        assert output.spoken == output.name.replace("_", " ")
        views = (output.confusion, output.trust, output.labels)
        assert {view["name"] for view in views} == {output.spoken}


def test_the_figures_are_drawn_once(people_model: TraitsModel) -> None:
    views = TraitsViews(people_model)
    assert views.overview is views.overview is not None
    assert TraitsViews(None).overview is None


def test_gaps_are_counted_in_each_part(people_model: TraitsModel) -> None:
    found = overview(people_model)
    assert found.gaps.columns == (
        "Attribute",
        "Training images",
        "Validation images",
        "Test images",
    )
    counts = people_model.counts["train"]
    for row, counted in zip(found.gaps.rows, counts, strict=True):
        assert row[1].startswith(f"{counted[0]} of {counted.sum()} (")


def test_what_is_told_names_classes_and_where_answers_are_kept_back(
    people_model: TraitsModel,
) -> None:
    limits = (None, 0.25, *people_model.calibrator.thresholds[2:])
    calibrator = Calibrator(people_model.calibrator.temperatures, limits)
    found = answers_table(TorchTraits(replace(people_model, calibrator=calibrator)))
    assert found.rows[0][3] == "always"
    assert "0.250" in found.rows[1][3]
    first = people_model.schema.attributes[0]
    assert found.rows[0][1:3] == (str(len(first.classes)), ", ".join(first.classes))
