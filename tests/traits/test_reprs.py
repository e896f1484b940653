from __future__ import annotations

from html.parser import HTMLParser
from importlib import import_module
from inspect import isclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacunar.traits.audit.findings import audit_images
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.image_inputs import listed_images
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.estimator import TraitsClassifier
from lacunar.traits.model import TraitsModel, evaluate_traits
from lacunar.traits.predict.explainer import explain_files
from lacunar.traits.predict.image_files import predict_files
from lacunar.traits.predict.onnx_predictor import OnnxTraits
from lacunar.traits.predict.predictor import predict_images
from lacunar.traits.predict.torch_predictor import TorchTraits

PACKAGES = ("traits.audit", "traits.confidence", "traits.predict")


@pytest.fixture
def public(people_model: TraitsModel, people: LabelledImages, people_onnx: Path) -> dict[str, Any]:
    """An object of each class that a caller of traits meets, by the name of the class."""
    files = listed_images(people.paths)
    confidence = next(iter(people_model.confidences.values()))[0]
    findings = audit_images(people, None, predict_files(people_model, people.paths))
    result = evaluate_traits(people_model, people)
    [explained] = explain_files(people_model, people.paths, at_most=1)
    wide = Attribute("a" * 99, tuple(f"class {k}" for k in range(99)))
    objects = [
        people_model, people, people.schema, wide, people.intake, people_model.config,
        TraitsConfig.of_preset("source"), TraitsClassifier(max_epochs=3), people_model.history[0],
        people_model.history[0].train, people_model.out_of_fold, people_model.calibrator, result,
        result.evaluation, confidence, confidence.after, result.operating_points, findings,
        findings.images, findings.measures, findings.wrong_labels, findings.gaps, explained,
        explained.answers[0], files[0], *listed_images(np.zeros((9, 9, 3), np.uint8)),
        next(iter(predict_images(TorchTraits(people_model), files))), OnnxTraits(people_onnx),
        load_images(people, height=40, width=24),
    ]  # fmt: skip
    return {type(one).__name__: one for one in objects}


def test_every_object_is_one_short_line(public: dict[str, Any]) -> None:
    for name, one in public.items():
        assert len(repr(one)) < 200, name
        assert "\n" not in repr(one), name
        assert name in repr(one)


def test_no_public_class_is_left_out(public: dict[str, Any]) -> None:
    for package in PACKAGES:
        names = import_module(f"lacunar.{package}")
        classes = {name for name in dir(names) if isclass(getattr(names, name))}
        assert classes <= public.keys()


def test_long_names_and_many_attributes_are_cut() -> None:
    many = tuple(Attribute(f"{k} {'long' * 20}", ("no", "yes")) for k in range(50))
    assert len(repr(Schema(many, image_column="file"))) < 200
    [file] = listed_images("folder/" * 200 + "a.png")
    assert len(repr(file)) < 200


def test_texts_say_what_the_object_is(public: dict[str, Any], people: LabelledImages) -> None:
    assert repr(public["Attribute"]).startswith("<Attribute: aaa")
    assert repr(TraitsConfig(folds=0, seed=1)) == "TraitsConfig(folds=0, seed=1)"
    unknown = int((people.labels == -1).sum())
    assert repr(people) == (
        "<LabelledImages: 24 images, 6 attributes (gender, torso_type, torso_colour, leg_type,"
        f" leg_colour, luggage), {unknown} of 144 labels unknown>"
    )
    accuracy = public["EvaluationResult"].evaluation.scores[-1, 0]
    assert f"mean accuracy {accuracy:.3f}" in repr(public["EvaluationResult"])


@pytest.mark.parametrize("name", ["TraitsModel", "LabelledImages", "AuditFindings", "Evaluation"])
def test_a_notebook_shows_a_small_table(public: dict[str, Any], name: str) -> None:
    table = public[name]._repr_html_()
    assert len(table) < 4000
    open_tags: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Parser().feed(table)
    assert open_tags == []
    assert table.startswith("<table>")


def test_the_table_of_images_counts_labels(people: LabelledImages) -> None:
    table = people._repr_html_()
    gender = people.labels[:, 0]
    [row] = [row for row in table.split("<tr>") if "gender" in row]
    assert f"<td>{np.sum(gender == -1)}</td>" in row
    assert f"male {np.sum(gender == 0)}, female {np.sum(gender == 1)}<" in row
