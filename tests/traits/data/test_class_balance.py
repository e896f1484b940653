"""Class weights and shares, compared with loops, scikit-learn and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from lacunar.errors import InputError
from lacunar.traits.data.class_balance import (
    ClassShares,
    balanced_answers,
    class_shares,
    class_weights,
)

COUNTS = st.lists(st.integers(0, 500), min_size=3, max_size=12).map(np.array)


@given(COUNTS)
def test_shares_add_one_label_to_every_class_and_ignore_unknown_ones(
    count: np.ndarray,
) -> None:
    shares = class_shares(count)
    known = count[1:].tolist()
    assert shares.tolist() == pytest.approx([(n + 1) / (sum(known) + len(known)) for n in known])
    count[0] += 7
    assert np.array_equal(class_shares(count), shares)


@given(COUNTS, st.floats(0, 0.5))
def test_shares_include_label_smoothing(count: np.ndarray, smoothing: float) -> None:
    # What a network is taught of each class on average, were there one more label of each.
    labels = np.repeat(np.arange(len(count) - 1), count[1:] + 1)
    taught = np.full((len(labels), len(count) - 1), smoothing / (len(count) - 1))
    taught[np.arange(len(labels)), labels] += 1 - smoothing
    assert class_shares(count, smoothing=smoothing) == pytest.approx(taught.mean(axis=0))


@given(COUNTS, st.floats(0, 1))
def test_the_mean_weight_of_the_known_labels_is_one(count: np.ndarray, power: float) -> None:
    weights = class_weights(count, power)
    assert np.isfinite(weights).all()
    known = count[1:]
    if known.any():
        assert (weights * known).sum() == pytest.approx(known.sum())
    rare, common = known.argmin(), known.argmax()
    assert weights[rare] >= weights[common] * (1 - 1e-12)


def test_power_0_weighs_labels_equally_and_power_1_classes() -> None:
    count = np.array([40, 90, 9, 1])
    assert class_weights(count, 0).tolist() == [1, 1, 1]
    labels = np.repeat([0, 1, 2], count[1:])
    oracle = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert class_weights(count, 1) == pytest.approx(oracle)
    half = class_weights(count, 0.5)
    assert half[2] / half[0] == pytest.approx(math.sqrt(90))


def test_answers_are_those_of_logits_less_tau_times_log_shares() -> None:
    rng = np.random.default_rng(0)
    counts = (np.array([3, 50, 9, 1]), np.array([0, 4, 30]))
    found = [rng.dirichlet(np.ones(3), 40), rng.dirichlet(np.ones(2), 40)]
    shares = ClassShares.of_counts(counts)
    for tau in (0.0, 0.3, 1.0, 2.0):
        answers = balanced_answers(found, shares.factors(tau))
        for position, count in enumerate(counts):
            prior = class_shares(count)
            expected = (np.log(found[position]) - tau * np.log(prior)).argmax(axis=1)
            assert np.array_equal(answers[:, position], expected)


def test_at_tau_0_the_most_probable_class_is_the_answer() -> None:
    found = [np.random.default_rng(1).dirichlet(np.ones(5), 50)]
    factors = ClassShares.of_counts((np.array([0, 900, 1, 5, 0, 3]),)).factors(0)
    assert np.array_equal(factors[0], np.ones(5))
    assert np.array_equal(balanced_answers(found, factors)[:, 0], found[0].argmax(axis=1))


def test_networks_trained_for_a_tau_need_only_the_difference() -> None:
    counts = (np.array([0, 70, 30]),)
    trained = ClassShares.of_counts(counts, tau=0.75)
    plain = ClassShares.of_counts(counts)
    assert trained.factors(0.75)[0].tolist() == [1, 1]
    assert trained.factors(1.0)[0] == pytest.approx(plain.factors(0.25)[0])
    # Back to the most probable class: what training took from the logits is given back.
    assert trained.factors(0.0)[0] == pytest.approx(class_shares(counts[0]) ** 0.75)


@pytest.mark.parametrize("tau", [-0.1, 2.1, math.nan])
def test_a_tau_out_of_range_is_refused(tau: float) -> None:
    with pytest.raises(InputError, match="tau: expected a number from 0 to 2, got"):
        ClassShares(((0.5, 0.5),)).factors(tau)
