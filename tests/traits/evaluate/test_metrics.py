"""Figures against scikit-learn's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle

from lacunar.traits.evaluate.metrics import (
    FIGURES,
    class_table,
    confusion_matrix,
    constant_confusion,
    scores,
)


def answers(
    n_classes: int, n_present: int, unknown: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Truths of the first classes only, and answers of all that are right half of the time."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_present, 80)
    guessed = np.where(rng.random(80) < 0.5, truth, rng.integers(0, n_classes, 80))
    return np.where(rng.random(80) < unknown, -1, truth), guessed


@pytest.mark.parametrize("unknown", [0, 0.3])
@pytest.mark.parametrize(("n_classes", "n_present"), [(2, 2), (11, 11), (11, 6), (3, 1)])
def test_figures_are_those_of_scikit_learn(n_classes: int, n_present: int, unknown: float) -> None:
    truth, predicted = answers(n_classes, n_present, unknown)
    known = truth >= 0
    y, p = truth[known], predicted[known]
    confusion = confusion_matrix(truth, predicted, n_classes)
    every = range(n_classes)
    assert np.array_equal(confusion, oracle.confusion_matrix(y, p, labels=every))
    with warnings.catch_warnings():
        # Says that some answers are of classes without truth, as is meant here.
        warnings.simplefilter("ignore", UserWarning)
        expected = {
            "accuracy": oracle.accuracy_score(y, p),
            "macro_f1": oracle.f1_score(y, p, labels=np.unique(y), average="macro"),
            "macro_f1_all": oracle.f1_score(y, p, labels=every, average="macro", zero_division=0),
            "balanced_accuracy": oracle.balanced_accuracy_score(y, p),
        }
    assert dict(zip(FIGURES, scores(confusion), strict=True)) == pytest.approx(expected)
    table = class_table(confusion)
    columns = oracle.precision_recall_fscore_support(y, p, labels=every, zero_division=0)
    for found, wanted in zip(
        (table.precision, table.recall, table.f1, table.support), columns, strict=True
    ):
        assert found == pytest.approx(wanted)


def test_a_constant_answer_is_that_of_a_dummy() -> None:
    truth, predicted = answers(5, 4, 0.2)
    confusion = confusion_matrix(truth, predicted, 5)
    expected = confusion_matrix(truth, np.full_like(truth, 3), 5)
    assert np.array_equal(constant_confusion(confusion, 3), expected)


def test_many_matrices_are_read_at_once() -> None:
    stack = np.stack([confusion_matrix(*answers(4, 3, 0.1, seed), 4) for seed in range(6)]).reshape(
        2, 3, 4, 4
    )
    found = scores(stack)
    assert found.shape == (2, 3, 4)
    for place in np.ndindex(2, 3):
        assert np.array_equal(found[place], scores(stack[place]))


def test_figures_of_no_truth_are_no_numbers() -> None:
    assert np.isnan(scores(np.zeros((2, 2), np.int64))).all()
