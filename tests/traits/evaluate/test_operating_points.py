from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from lacunar.traits.data.class_balance import ClassShares, balanced_answers
from lacunar.traits.data.label_counts import count_labels
from lacunar.traits.data.schema import Schema
from lacunar.traits.evaluate.evaluation import evaluate_answers
from lacunar.traits.evaluate.operating_points import TAUS, operating_points_of
from lacunar.traits.to_json import operating_points_document

_ACCURACY, _MACRO_F1, _MACRO_F1_ALL, _BALANCED = range(4)


@pytest.fixture
def labels() -> np.ndarray:
    rng = np.random.default_rng(0)
    found = np.stack([rng.choice(3, 90, p=[0.7, 0.2, 0.1]), rng.choice(2, 90)], axis=1)
    found[rng.random((90, 2)) < 0.2] = -1
    return found


@pytest.fixture
def probabilities(labels: np.ndarray) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.dirichlet(np.ones(size), len(labels)) for size in (3, 2)]


def test_every_point_has_the_figures_of_its_answers(
    coats: Schema, labels: np.ndarray, probabilities: list[np.ndarray]
) -> None:
    shares = ClassShares.of_counts(count_labels(labels, coats))
    points = operating_points_of(labels, probabilities, shares)
    assert points.taus == TAUS
    for tau, found in zip(points.taus, points.scores, strict=True):
        answers = balanced_answers(probabilities, shares.factors(tau))
        for position in range(2):
            known = labels[:, position] >= 0
            truth, told = labels[known, position], answers[known, position]
            assert found[position, _ACCURACY] == pytest.approx(accuracy_score(truth, told))
            f1 = f1_score(truth, told, average="macro")
            assert found[position, _MACRO_F1] == pytest.approx(f1)
            balanced = balanced_accuracy_score(truth, told)
            assert found[position, _BALANCED] == pytest.approx(balanced)
        assert found[-1] == pytest.approx(found[:-1].mean(axis=0))


def test_at_tau_0_an_ordinary_model_answers_as_it_is_evaluated(
    coats: Schema, labels: np.ndarray, probabilities: list[np.ndarray]
) -> None:
    shares = ClassShares.of_counts(count_labels(labels, coats))
    points = operating_points_of(labels, probabilities, shares)
    most_probable = np.stack([found.argmax(axis=1) for found in probabilities], axis=1)
    evaluation = evaluate_answers(coats, labels, most_probable, np.zeros(2, np.int64))
    assert points.as_answered == points.taus[0] == 0
    assert np.array_equal(points.scores[0], evaluation.scores)


def test_a_model_trained_for_a_tau_answers_there_of_its_own(
    coats: Schema, labels: np.ndarray, probabilities: list[np.ndarray]
) -> None:
    counts = count_labels(labels, coats)
    points = operating_points_of(labels, probabilities, ClassShares.of_counts(counts, tau=0.7))
    assert points.taus == (0, 0.25, 0.5, 0.7, 1)
    assert points.as_answered == 0.7
    most_probable = np.stack([found.argmax(axis=1) for found in probabilities], axis=1)
    evaluation = evaluate_answers(coats, labels, most_probable, np.zeros(2, np.int64))
    assert np.array_equal(points.scores[3], evaluation.scores)
    # Its logits are those of an ordinary model less .7 log shares, and so are its answers at 0.
    priors = ClassShares.of_counts(counts).shares
    ordinary = [
        found * np.array(prior) ** 0.7 for found, prior in zip(probabilities, priors, strict=True)
    ]
    expected = operating_points_of(labels, ordinary, ClassShares.of_counts(counts), taus=(0, 0.5))
    assert np.allclose(points.scores[[0, 2]], expected.scores)


@given(
    arrays(np.int64, st.tuples(st.integers(2, 6), st.integers(2, 4)), elements=st.integers(1, 30))
)
def test_of_exact_probabilities_tau_0_is_the_most_accurate_and_tau_1_the_most_balanced(
    table: np.ndarray,
) -> None:
    # A row per kind of image, a column per class: all images of a kind have its shares of classes.
    kinds, classes = np.indices(table.shape)
    labels = np.repeat(classes.ravel(), table.ravel())[:, np.newaxis]
    exact = (table / table.sum(axis=1, keepdims=True))[np.repeat(kinds.ravel(), table.ravel())]
    shares = ClassShares((tuple((table.sum(axis=0) / table.sum()).tolist()),))
    points = operating_points_of(labels, [exact], shares, taus=(0, 0.25, 0.5, 0.75, 1, 1.5, 2))
    accuracy, balanced = points.scores[:, 0, _ACCURACY], points.scores[:, 0, _BALANCED]
    assert accuracy[0] >= accuracy.max() - 1e-12
    assert balanced[points.taus.index(1)] >= balanced.max() - 1e-12


def test_unknown_labels_count_for_nothing_and_what_nobody_knows_is_null(
    coats: Schema, labels: np.ndarray, probabilities: list[np.ndarray]
) -> None:
    shares = ClassShares.of_counts(count_labels(labels, coats))
    known = labels[:, 0] >= 0
    whole = operating_points_of(labels, probabilities, shares)
    only = operating_points_of(labels[known], [found[known] for found in probabilities], shares)
    assert np.array_equal(whole.scores[:, 0], only.scores[:, 0])
    labels[:, 1] = -1
    document = operating_points_document(coats, operating_points_of(labels, probabilities, shares))
    json.dumps(document, allow_nan=False)
    assert document["as_answered"] == 0
    assert [point["tau"] for point in document["points"]] == list(TAUS)
    for point in document["points"]:
        assert set(point["outputs"]["hat"].values()) == {None}
        assert point["mean"] == point["outputs"]["coat"]
