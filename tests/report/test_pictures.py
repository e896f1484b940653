from __future__ import annotations

import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest

from lacunar.errors import InputError
from lacunar.report import picture, taste_report, traits_report
from lacunar.report.pictures import _FIGURES
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate import evaluate_recommenders
from lacunar.taste.model import TasteModel
from lacunar.traits.model import EvaluationResult, TraitsModel


@pytest.fixture(scope="module")
def sources(
    sample_model: TasteModel, sample_ratings: Ratings, people_model: TraitsModel
) -> dict[type, Any]:
    evaluation = EvaluationResult(
        people_model.evaluations["test"],
        people_model.confidences["test"],
        people_model.operating_points["test"],
    )
    comparison = evaluate_recommenders(sample_ratings, ["popularity", "segment"], seeds=[0])
    return {type(one): one for one in (sample_model, comparison, people_model, evaluation)}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in _FIGURES.items() for name in names]
)
def test_every_figure_is_a_document_with_a_width_and_a_title(
    sources: dict[type, Any], kind: type, name: str
) -> None:
    drawn = picture(sources[kind], name)
    root = ElementTree.fromstring(drawn._repr_svg_())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("width") == "520"
    assert root[0].text
    assert drawn.svg == drawn._repr_svg_()


def test_figures_are_those_of_the_reports(
    sample_model: TasteModel, people_model: TraitsModel
) -> None:
    tastes = taste_report(sample_model, users=[], top=1)
    for name, part in (("map", None), ("criteria", None), ("profile", 0), ("profile", 1)):
        svg = picture(sample_model, name, part).svg
        assert svg.replace(' width="520"', "", 1) in tastes
    traits = traits_report(people_model)
    for name, part in (
        ("confusion", "torso_type"), ("reliability", "luggage"), ("risk_coverage", "luggage"),
        ("history", None), ("history", "leg_colour"),
    ):  # fmt: skip
        svg = picture(people_model, name, part).svg
        assert svg.replace(' width="520"', "", 1) in traits


def test_what_does_not_exist_is_refused_in_a_sentence(sources: dict[type, Any]) -> None:
    model = sources[TasteModel]
    with pytest.raises(InputError, match="name: expected one of map, criteria, profile, got maps"):
        picture(model, "maps")
    with pytest.raises(InputError, match="part: expected one of 0, 1, 2, got 3"):
        picture(model, "profile", 3)
    with pytest.raises(InputError, match=r"part: expected one of gender, .*, got hat"):
        picture(sources[TraitsModel], "confusion", "hat")
    with pytest.raises(InputError, match=r"source: expected one of TasteModel, .*, got str"):
        picture("model", "map")  # type: ignore[arg-type]


def test_a_picture_needs_no_matplotlib(sample_model_directory: Any) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; from lacunar import load_taste;"
        f"from lacunar.report import picture; picture(load_taste({str(sample_model_directory)!r}),"
        " 'map')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
