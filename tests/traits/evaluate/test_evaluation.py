from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.data.label_counts import count_labels, largest_classes
from lacunar.traits.data.schema import Schema
from lacunar.traits.evaluate import evaluation
from lacunar.traits.evaluate.evaluation import (
    bootstrap_intervals,
    evaluate_answers,
    evaluated_images,
)
from lacunar.traits.evaluate.metrics import confusion_matrix, scores


def answers(n: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truths and answers of the schema ``coats``: 3 classes and 2."""
    rng = np.random.default_rng(seed)
    truth = np.stack([rng.integers(-1, 3, n), rng.integers(-1, 2, n)], axis=1)
    guessed = np.stack([rng.integers(0, 3, n), rng.integers(0, 2, n)], axis=1)
    return truth, np.where((rng.random((n, 2)) < 0.6) & (truth >= 0), truth, guessed)


def test_figures_are_per_attribute_and_their_mean_is_last(coats: Schema) -> None:
    truth, predicted = answers()
    found = evaluate_answers(coats, truth, predicted, np.array([1, 0]))
    expected = [
        scores(confusion_matrix(truth[:, a], predicted[:, a], c)) for a, c in ((0, 3), (1, 2))
    ]
    assert found.scores == pytest.approx(np.stack([*expected, np.mean(expected, axis=0)]))
    assert found.unknown.tolist() == [(truth[:, 0] < 0).sum(), (truth[:, 1] < 0).sum()]


def test_the_baseline_answers_the_largest_class_of_the_training_labels(coats: Schema) -> None:
    truth, predicted = answers()
    found = evaluate_answers(coats, truth, predicted, np.array([2, 0])).baseline
    known = truth[:, 0] >= 0
    assert found[0, 0] == pytest.approx((truth[known, 0] == 2).mean())
    assert found[0, 3] == pytest.approx(1 / 3)


def test_an_attribute_without_truth_has_no_figures_and_is_not_in_the_mean(coats: Schema) -> None:
    truth, predicted = answers()
    truth[:, 1] = -1
    found = evaluate_answers(coats, truth, predicted, np.array([0, 0]))
    assert np.isnan(found.scores[1]).all()
    assert np.isnan(found.intervals[1]).all()
    assert np.array_equal(found.scores[2], found.scores[0])
    assert np.array_equal(found.intervals[2], found.intervals[0])


def test_intervals_are_those_of_a_loop_over_resamples() -> None:
    truth, predicted = answers(30)
    rng = np.random.default_rng(7)
    resampled = []
    for rows in rng.integers(30, size=(200, 30)):
        outputs = [
            scores(confusion_matrix(truth[rows, a], predicted[rows, a], c))
            for a, c in ((0, 3), (1, 2))
        ]
        resampled.append(np.stack([*outputs, np.mean(outputs, axis=0)]))
    expected = np.moveaxis(np.quantile(resampled, [0.05, 0.95], axis=0), 0, -1)
    found = bootstrap_intervals(truth, predicted, [3, 2], resamples=200, level=0.9, seed=7)
    assert found == pytest.approx(expected)


def test_intervals_do_not_depend_on_how_many_resamples_are_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth, predicted = answers(30)
    whole = bootstrap_intervals(truth, predicted, [3, 2], resamples=50)
    monkeypatch.setattr(evaluation, "_PIECE", 30 * 7)
    assert np.array_equal(bootstrap_intervals(truth, predicted, [3, 2], resamples=50), whole)


@pytest.mark.realdata
def test_always_answering_the_largest_class_scores_what_it_did_before(real_people: Path) -> None:
    train, test = read_layout(real_people)
    assert test is not None
    largest = largest_classes(count_labels(train.labels, train.schema))
    constant = np.broadcast_to(largest, test.labels.shape)
    found = evaluate_answers(test.schema, test.labels, constant, largest)
    assert np.array_equal(found.scores, found.baseline)
    accuracy, macro_f1, *_ = found.scores[-1]
    assert (round(accuracy, 3), round(macro_f1, 3)) == (0.534, 0.274)


def test_the_interval_of_an_accuracy_is_about_two_standard_errors() -> None:
    truth, predicted = answers(2000)
    known = truth[:, 0] >= 0
    accuracy = (truth[known, 0] == predicted[known, 0]).mean()
    error = np.sqrt(accuracy * (1 - accuracy) / known.sum())
    low, high = bootstrap_intervals(truth, predicted, [3, 2])[0, 0]
    assert low == pytest.approx(accuracy - 1.96 * error, abs=0.006)
    assert high == pytest.approx(accuracy + 1.96 * error, abs=0.006)


SOURCE = TraitsConfig.of_preset("source")


@pytest.mark.parametrize(
    ("part", "config", "chose"),
    [
        ("validation", SOURCE, True),
        ("validation", TraitsConfig(folds=0), False),
        ("out-of-fold", TraitsConfig(), False),
        ("out-of-fold", SOURCE.model_copy(update={"folds": 3}), True),
        ("test", SOURCE, False),
        ("test", TraitsConfig(), False),
    ],
)
def test_figures_are_said_to_flatter_where_the_images_chose_the_epoch(
    part: str, config: TraitsConfig, chose: bool
) -> None:
    words = evaluated_images(part, config)
    assert ("scores on new images are probably slightly lower" in words) == chose
    expected = {"out-of-fold": "the training images", "test": "the held-out test images"}
    assert words.startswith(expected.get(part, "the validation images"))
