"""Temperatures against a plain grid, and what they may never change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import softmax
from sklearn.metrics import log_loss

from lacunar.traits.confidence.temperature import (
    calibrated,
    cross_calibrated,
    fit_temperature,
    fit_temperatures,
    pool_temperature,
    pooled_logits,
)


def drawn(
    n: int, n_classes: int, temperature: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from them at a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=3, size=(n, n_classes))
    chances = softmax(logits / temperature, axis=1).cumsum(axis=1)
    return logits, (rng.random((n, 1)) > chances).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("n_classes", [2, 7])
def test_the_temperature_of_the_labels_is_found(temperature: float, n_classes: int) -> None:
    logits, labels = drawn(20_000, n_classes, temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_without_prior_no_grid_point_has_a_lower_loss(seed: int) -> None:
    logits, labels = drawn(60, 4, 1.7, seed)
    found = fit_temperature(logits, labels, prior=0)

    def loss(t: float) -> float:
        return log_loss(labels, softmax(logits / t, axis=1), labels=range(4))

    assert loss(found) <= min(loss(t) for t in np.geomspace(0.05, 20, 400)) + 1e-9


def test_few_labels_that_were_all_found_do_not_make_the_model_certain() -> None:
    logits, labels = np.array([[2.0, 0.0]] * 6), np.zeros(6, np.int64)
    assert fit_temperature(logits, labels, prior=0) < 0.1
    assert 0.4 < fit_temperature(logits, labels) < 1


def test_the_prior_is_not_felt_among_many_labels() -> None:
    logits, labels = drawn(5000, 3, 2.0)
    plain = fit_temperature(logits, labels, prior=0)
    assert fit_temperature(logits, labels) == pytest.approx(plain, rel=0.01)


def test_without_a_known_label_the_temperature_is_exactly_one() -> None:
    assert fit_temperature(np.array([[3.0, 1.0]]), np.array([-1])) == 1.0
    assert fit_temperature(np.empty((0, 2)), np.empty(0, np.int64)) == 1.0


def test_unknown_labels_and_constants_in_a_row_change_nothing() -> None:
    logits, labels = drawn(80, 3, 1.5)
    more = np.concatenate([logits + np.arange(80)[:, np.newaxis], np.full((30, 3), 7.0)])
    padded = np.concatenate([labels, np.full(30, -1)])
    assert fit_temperature(more, padded) == pytest.approx(fit_temperature(logits, labels))


def test_each_attribute_has_its_own_temperature() -> None:
    (sure, first), (unsure, second) = drawn(4000, 2, 0.5), drawn(4000, 5, 3.0)
    found = fit_temperatures([sure, unsure], np.stack([first, second], axis=1))
    assert found == pytest.approx([0.5, 3.0], rel=0.1)


@settings(max_examples=60)
@given(
    arrays.arrays(np.float32, (5, 4), elements=st.floats(-30, 30, width=32), unique=True),
    st.floats(0.05, 20),
)
def test_no_temperature_changes_an_answer(logits: np.ndarray, temperature: float) -> None:
    (found,) = calibrated([logits], [temperature])
    assert found.sum(axis=1) == pytest.approx(np.ones(5))
    rows = np.arange(5)
    # Logits that hardly differ may end as equal probabilities.
    assert np.array_equal(found[rows, logits.argmax(axis=1)], found.max(axis=1))


def test_a_fold_has_the_temperature_of_the_others() -> None:
    logits, labels = drawn(120, 3, 1.8)
    folds = np.arange(120) % 4
    (found,) = cross_calibrated([logits], labels[:, np.newaxis], folds)
    for fold in range(4):
        temperature = fit_temperature(logits[folds != fold], labels[folds != fold])
        inside = folds == fold
        assert found[inside] == pytest.approx(softmax(logits[inside] / temperature, axis=1))


def test_pooling_is_the_mean_of_probabilities() -> None:
    rng = np.random.default_rng(0)
    networks = [[rng.normal(size=(6, 2)), rng.normal(size=(6, 3))] for _ in range(4)]
    for position, found in enumerate(pooled_logits(networks)):
        mean = np.mean([softmax(member[position], axis=1) for member in networks], axis=0)
        assert np.exp(found) == pytest.approx(mean)


def test_pooling_keeps_logits_finite_where_probabilities_are_not() -> None:
    (found,) = pooled_logits([[np.array([[0.0, -5000.0]], np.float32)]] * 2)
    assert found.tolist() == [[0.0, -5000.0]]


def noisy_members(
    n_networks: int, n: int = 8000, seed: int = 0
) -> tuple[list[np.ndarray], np.ndarray]:
    """Networks that agree but for noise of their own, and labels drawn from what they share."""
    rng = np.random.default_rng(seed)
    shared, labels = drawn(n, 3, 1.0, seed)
    return [shared + rng.normal(scale=0.6, size=shared.shape) for _ in range(n_networks)], labels


def test_the_temperature_of_many_networks_is_foretold_by_two() -> None:
    networks, labels = noisy_members(10)
    alone, pair, wanted = (
        fit_temperature(pooled_logits([[one] for one in networks[:n]])[0], labels)
        for n in (1, 2, 10)
    )
    found = pool_temperature(networks[:2], labels, 10)
    assert wanted < pair < alone
    # Noise as large as this bends the line, yet it leads nearer than the pair itself.
    assert abs(found - wanted) < 0.7 * (pair - wanted)


def test_one_repeat_or_one_network_knows_nothing_of_pooling() -> None:
    networks, labels = noisy_members(2, n=200)
    assert pool_temperature(networks[:1], labels, 10) == pytest.approx(
        fit_temperature(networks[0], labels)
    )
    alone = [fit_temperature(one, labels) for one in networks]
    assert pool_temperature(networks, labels, 1) == pytest.approx(np.mean(alone))


def test_as_many_repeats_as_networks_need_no_guess() -> None:
    networks, labels = noisy_members(3, n=300)
    pool = pooled_logits([[one] for one in networks])[0]
    assert pool_temperature(networks, labels, 3) == pytest.approx(fit_temperature(pool, labels))
