"""Calibration error and scores against scikit-learn and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from lacunar.traits.confidence.reliability import (
    brier_score,
    calibration_error,
    chance_error,
    mass_bins,
    mean_loss,
    top_answers,
    width_bins,
    wilson_interval,
)


def answers(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1, n)
    return confidence, rng.random(n) < confidence**2


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("seed", range(3))
def test_bins_are_those_of_scikit_learn(strategy: str, seed: int) -> None:
    confidence, correct = answers(seed=seed)
    bins = (width_bins if strategy == "uniform" else mass_bins)(confidence, correct, 10)
    accuracy, mean = calibration_curve(correct, confidence, n_bins=10, strategy=strategy)
    assert [one.accuracy for one in bins] == pytest.approx(accuracy)
    assert [one.confidence for one in bins] == pytest.approx(mean)
    assert sum(one.count for one in bins) == 200


def test_the_error_is_that_of_a_plain_loop() -> None:
    confidence, correct = answers()
    total = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if inside.any():
            gap = abs(correct[inside].mean() - confidence[inside].mean())
            total += inside.mean() * gap
    assert calibration_error(width_bins(confidence, correct, 15)) == pytest.approx(total)


def test_answers_that_keep_their_word_have_no_error() -> None:
    confidence = np.repeat([0.6, 0.7, 0.8, 0.9], 10)
    correct = np.concatenate([np.arange(10) < right for right in (6, 7, 8, 9)])
    assert calibration_error(mass_bins(confidence, correct, 4)) == pytest.approx(0)
    assert calibration_error(width_bins(confidence, correct, 10)) == pytest.approx(0)


def test_answers_that_claim_too_much_have_the_error_of_the_claim() -> None:
    confidence, correct = np.full(40, 0.95), np.arange(40) < 30
    assert calibration_error(mass_bins(confidence, correct)) == pytest.approx(0.2)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.7, 0.95]), st.booleans()), min_size=1),
    st.integers(1, 9),
    st.randoms(),
)
def test_no_order_of_equals_changes_a_bin(
    rows: list[tuple[float, bool]], n_bins: int, random: object
) -> None:
    def bins(rows: list[tuple[float, bool]]) -> list[tuple[float, int]]:
        confidence, correct = map(np.array, zip(*rows, strict=True))
        return [(one.accuracy, one.count) for one in mass_bins(confidence, correct, n_bins)]

    shuffled = rows.copy()
    random.shuffle(shuffled)
    found = bins(rows)
    assert bins(shuffled) == found
    assert len(found) <= n_bins
    assert sum(count for _, count in found) == len(rows)


def test_chance_gives_what_it_gives_on_average() -> None:
    confidence, _ = answers(150)
    rng = np.random.default_rng(9)
    errors = [
        calibration_error(mass_bins(confidence, rng.random(150) < confidence)) for _ in range(600)
    ]
    mean, high = chance_error(confidence)
    assert mean == pytest.approx(np.mean(errors), abs=0.003)
    assert high == pytest.approx(np.quantile(errors, 0.95), abs=0.008)


def test_without_answers_there_is_no_error() -> None:
    nothing = np.empty(0)
    assert mass_bins(nothing, nothing.astype(bool)) == ()
    assert math.isnan(calibration_error(()))
    assert all(map(math.isnan, chance_error(nothing)))


@pytest.mark.parametrize("n_classes", [2, 5])
def test_scores_are_those_of_scikit_learn_and_unknown_labels_count_for_nothing(
    n_classes: int,
) -> None:
    rng = np.random.default_rng(n_classes)
    probabilities = softmax(rng.normal(size=(60, n_classes)), axis=1)
    labels = rng.integers(0, n_classes, 60)
    labels[::7] = -1
    known = labels >= 0
    y, p = labels[known], probabilities[known]
    every = range(n_classes)
    expected = brier_score_loss(y, p, labels=every, scale_by_half=False)
    assert brier_score(probabilities, labels) == pytest.approx(expected)
    assert mean_loss(probabilities, labels) == pytest.approx(log_loss(y, p, labels=every))
    confidence, correct = top_answers(probabilities, labels)
    assert np.array_equal(confidence, p.max(axis=1))
    assert np.array_equal(correct, p.argmax(axis=1) == y)


def test_scores_of_no_label_are_no_numbers_and_a_lost_answer_has_a_finite_loss() -> None:
    certain = np.array([[1.0, 0.0]])
    assert math.isnan(brier_score(certain, np.array([-1])))
    assert math.isnan(mean_loss(certain, np.array([-1])))
    assert mean_loss(certain, np.array([1])) == pytest.approx(36.04, abs=0.01)


@pytest.mark.parametrize(("right", "count"), [(0, 5), (5, 5), (3, 9), (170, 196)])
def test_intervals_are_those_of_scipy(right: int, count: int) -> None:
    expected = binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right, count) == pytest.approx((expected.low, expected.high))
