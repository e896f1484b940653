"""Thresholds and curves against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from lacunar.errors import InputError
from lacunar.traits.confidence.selective import (
    abstains,
    accuracy_at,
    area_under_risk,
    choose_threshold,
    choose_thresholds,
    risk_coverage,
)

ROWS = st.lists(
    st.tuples(st.sampled_from([0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0]), st.booleans()),
    min_size=1,
    max_size=40,
)
Rows = list[tuple[float, bool]]


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    confidence, correct = zip(*rows, strict=True)
    return np.array(confidence), np.array(correct)


@given(ROWS)
def test_the_curve_is_that_of_a_loop_over_thresholds(rows: Rows) -> None:
    confidence, correct = columns(rows)
    curve = risk_coverage(confidence, correct)
    expected = sorted(set(confidence.tolist()), reverse=True)
    assert curve.thresholds.tolist() == expected
    for i, threshold in enumerate(expected):
        kept = confidence >= threshold
        assert curve.coverage[i] == pytest.approx(kept.mean())
        assert curve.accuracy[i] == pytest.approx(correct[kept].mean())
    assert curve.coverage[-1] == 1
    assert 1 - curve.accuracy[-1] == pytest.approx(1 - correct.mean())


def test_the_area_is_the_mean_risk_of_the_first_one_two_and_so_on() -> None:
    rng = np.random.default_rng(0)
    confidence, correct = rng.random(50), rng.random(50) < 0.7
    order = np.argsort(-confidence)
    risks = [1 - correct[order[:n]].mean() for n in range(1, 51)]
    assert area_under_risk(risk_coverage(confidence, correct)) == pytest.approx(np.mean(risks))


def test_a_confidence_that_knows_its_errors_has_the_smallest_area() -> None:
    correct = np.arange(20) >= 6
    best = area_under_risk(risk_coverage(np.linspace(0.4, 1, 20), correct))
    worst = area_under_risk(risk_coverage(np.linspace(1, 0.4, 20), correct))
    assert best < 0.3 < worst


@given(ROWS, st.floats(0.01, 1))
def test_accuracy_at_a_coverage_is_of_the_fewest_that_are_enough(
    rows: Rows, coverage: float
) -> None:
    confidence, correct = columns(rows)
    for threshold in sorted(set(confidence.tolist()), reverse=True):
        kept = confidence >= threshold
        if kept.sum() >= coverage * len(rows) - 1e-9:
            break
    assert accuracy_at(risk_coverage(confidence, correct), coverage) == correct[kept].mean()


@settings(max_examples=200)
@given(ROWS, st.floats(0, 1))
def test_what_a_threshold_keeps_is_as_accurate_as_wanted_and_no_lower_one_is(
    rows: Rows, wanted: float
) -> None:
    confidence, correct = columns(rows)
    found = choose_threshold(confidence, correct, wanted)

    def accuracy(threshold: float) -> float:
        return correct[confidence >= threshold].mean()

    candidates = [0.0, *sorted(set(confidence.tolist()))]
    if found is None:
        assert all(accuracy(one) < wanted for one in candidates)
    else:
        assert accuracy(found) >= wanted
        assert all(accuracy(one) < wanted for one in candidates if one < found)


@given(ROWS, st.sampled_from([0.5, 0.8, 0.95]))
def test_a_sure_threshold_has_its_whole_interval_above(rows: Rows, sure: float) -> None:
    confidence, correct = columns(rows)
    found = choose_threshold(confidence, correct, 0.6, sure=sure)
    plain = choose_threshold(confidence, correct, 0.6)
    if found is None:
        return
    assert plain is not None
    assert found >= plain
    kept = confidence >= found
    test = binomtest(int(correct[kept].sum()), int(kept.sum()), alternative="greater")
    assert test.proportion_ci(sure).low >= 0.6 - 1e-12


def test_a_sure_threshold_asks_for_more_than_luck() -> None:
    confidence = np.array([0.9, 0.8, *np.linspace(0.5, 0.7, 40)])
    correct = np.array([True, True, *(np.arange(40) % 2 == 0)])
    assert choose_threshold(confidence, correct, 0.9) == 0.8
    assert choose_threshold(confidence, correct, 0.9, sure=0.9) is None


@given(ROWS)
def test_without_a_wish_the_accuracy_is_that_of_the_surest_four_fifths(rows: Rows) -> None:
    confidence, correct = columns(rows)
    usual = accuracy_at(risk_coverage(confidence, correct), 0.8)
    found = choose_threshold(confidence, correct)
    assert found is not None
    kept = ~abstains(confidence, found)
    assert correct[kept].mean() >= usual
    assert kept.mean() >= 0.8 - 1e-9


def test_unknown_labels_change_no_threshold() -> None:
    rng = np.random.default_rng(0)
    found = rng.dirichlet([1, 1, 1], 60)
    labels = np.where(rng.random((60, 1)) < 0.3, -1, found.argmax(axis=1, keepdims=True))
    labels[::5, 0] = 0
    known = labels[:, 0] >= 0
    assert choose_thresholds([found], labels, 0.9) == choose_thresholds(
        [found[known]], labels[known], 0.9
    )


def test_without_a_known_label_every_answer_is_kept_back() -> None:
    (threshold,) = choose_thresholds([np.array([[0.9, 0.1]])], np.array([[-1]]))
    assert threshold is None
    assert abstains(np.array([0.2, 1.0]), threshold).all()
    empty = risk_coverage(np.empty(0), np.empty(0, np.bool_))
    assert math.isnan(area_under_risk(empty))
    assert math.isnan(accuracy_at(empty, 0.8))


def test_at_zero_nothing_is_kept_back() -> None:
    assert not abstains(np.array([0.0, 0.3]), 0.0).any()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"wanted_accuracy": 90.0}, "wanted_accuracy: expected a number from 0 to 1, got 90.0"),
        ({"wanted_accuracy": math.nan}, "got nan"),
        ({"sure": 1.0}, "sure: expected a number above 0 and below 1, got 1.0"),
    ],
)
def test_a_wish_that_is_no_share_is_refused(options: dict[str, float], told: str) -> None:
    with pytest.raises(InputError, match=told):
        choose_threshold(np.array([0.5]), np.array([True]), **options)
