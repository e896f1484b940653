from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pytest

from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.measures import Confidence, measure_confidence
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.label_counts import count_labels
from lacunar.traits.data.schema import Schema
from lacunar.traits.evaluate.evaluation import Evaluation, evaluate_answers
from lacunar.traits.model import TraitsModel
from lacunar.traits.to_json import (
    confidence_document,
    evaluation_document,
    fit_document,
)
from lacunar.traits.training.history import Epoch, Score

TRUTH = np.array([[0, -1], [1, -1], [0, -1], [-1, -1]])
PREDICTED = np.array([[0, 0], [1, 1], [1, 1], [2, 0]])


@pytest.fixture
def evaluation(coats: Schema) -> Evaluation:
    return evaluate_answers(coats, TRUTH, PREDICTED, np.array([0, 1]))


def test_an_evaluation_has_the_keys_that_others_rely_on(evaluation: Evaluation) -> None:
    document = evaluation_document(evaluation)
    coat = document["outputs"]["coat"]
    assert coat["accuracy"] == pytest.approx(2 / 3)
    assert coat["macro_f1"] == pytest.approx(2 / 3)
    assert coat["macro_f1_all"] == pytest.approx(4 / 9)
    assert coat["balanced_accuracy"] == pytest.approx(3 / 4)
    assert (coat["known"], coat["unknown"]) == (3, 1)
    assert coat["confusion"] == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert coat["largest_class"]["label"] == "open"
    assert coat["largest_class"]["accuracy"] == pytest.approx(2 / 3)
    assert [row["support"] for row in coat["classes"]] == [2, 1, 0]
    assert {"accuracy", "macro_f1"} < set(document["mean"])
    low, high = coat["intervals"]["accuracy"]
    assert low <= coat["accuracy"] <= high


def test_figures_that_nobody_knows_are_null(evaluation: Evaluation) -> None:
    document = evaluation_document(evaluation)
    hat = document["outputs"]["hat"]
    assert (hat["accuracy"], hat["intervals"]["macro_f1"], hat["known"]) == (None, [None, None], 0)
    assert document["mean"]["accuracy"] == document["outputs"]["coat"]["accuracy"]
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize("kind", ["pyarrow", "pandas", "polars"])
def test_the_frame_of_an_evaluation_holds_the_scores_of_the_document(
    evaluation: Evaluation, kind: Any
) -> None:
    document = evaluation_document(evaluation)
    outputs: dict[str, Any] = {**document["outputs"], "mean": document["mean"]}
    frame = evaluation.to_frame(kind)
    assert type(frame).__module__.partition(".")[0] == kind
    assert nw.from_native(frame).to_arrow().to_pylist() == [
        {
            "attribute": name,
            "metric": metric,
            "value": figures[metric],
            "low": figures["intervals"][metric][0],
            "high": figures["intervals"][metric][1],
        }
        for name, figures in outputs.items()
        for metric in ("accuracy", "macro_f1", "macro_f1_all", "balanced_accuracy")
    ]


def test_a_fit_tells_its_best_epoch_and_its_labels(evaluation: Evaluation, coats: Schema) -> None:
    scores = [Score(loss, {}, {}) for loss in (2.0, 1.0, 3.0)]
    model = TraitsModel(
        config=TraitsConfig.of_preset("source"),
        schema=coats,
        fingerprint="f",
        states=({},),
        layers=(),
        intake={},
        histories=(tuple(Epoch(n, score, score) for n, score in enumerate(scores, start=1)),),
        counts={"train": count_labels(TRUTH, coats)},
        evaluations={"validation": evaluation},
        confidences={},
        out_of_fold=OutOfFold((), 1),
        calibrator=Calibrator(np.ones(2), (0.0, 0.0)),
        versions={},
    )
    document = fit_document(model)
    assert (document["epochs"], document["kept_epoch"]) == (3, 2)
    assert document["validation_loss"] == 1.0
    assert document["counts"]["train"]["coat"] == {
        "unknown": 1,
        "classes": {"open": 2, "closed": 1, "none": 0},
    }
    assert document["evaluations"]["validation"] == evaluation_document(evaluation)
    json.dumps(document, allow_nan=False)


@pytest.fixture
def found(coats: Schema) -> tuple[Confidence, ...]:
    rng = np.random.default_rng(0)
    before = [rng.dirichlet([1] * n, 90) for n in (3, 2)]
    after = [rng.dirichlet([1] * n, 90) for n in (3, 2)]
    labels = rng.integers(-1, 2, (90, 2))
    return measure_confidence(coats, labels, before, after, [2.0, 0.5], [0.5, 0.7])


def test_the_document_has_every_figure_and_its_mean(found: tuple[Confidence, ...]) -> None:
    document = json.loads(json.dumps(confidence_document(found), allow_nan=False))
    coat, hat = document["outputs"]["coat"], document["outputs"]["hat"]
    assert coat["ece"] == found[0].after.ece
    assert coat["ece_before"] == found[0].before.ece
    assert coat["accuracy_at_80"] == found[0].accuracy_at_80
    assert (coat["temperature"], coat["threshold"]) == (2.0, found[0].threshold)
    assert (hat["known"], hat["unknown"]) == (found[1].known, found[1].unknown)
    for key, mean in document["mean"].items():
        assert mean == pytest.approx((coat[key] + hat[key]) / 2)


def test_a_mean_is_over_the_attributes_that_have_the_figure(
    found: tuple[Confidence, ...],
) -> None:
    coat, hat = found
    document = confidence_document([coat, replace(hat, kept_accuracy=None)])
    assert document["mean"]["kept_accuracy"] == coat.kept_accuracy
    alone = confidence_document([replace(hat, kept_accuracy=None)])
    assert alone["mean"]["kept_accuracy"] is None
