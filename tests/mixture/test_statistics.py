from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import unpack_symmetric
from lacunar.mixture.parameters import CovarianceType
from lacunar.mixture.rows.complete import CompleteRows
from lacunar.mixture.statistics import (
    SufficientStatistics,
    column_moments,
    fill_additive,
    one_hot,
    starting_sums,
)

N_GROUPS = 3
tables = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 4)),
    elements=st.one_of(st.floats(-1000, 1000), st.just(float("nan"))),
)


def centred(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values relative to the column means, 0 in gaps, and the mask of known cells."""
    known = ~np.isnan(x)
    return np.where(known, x - column_moments(x)[0], 0.0), known.astype(np.float64)


def covariances_of(sums: SufficientStatistics) -> FloatArray:
    """Group covariances (B, K, D, D) that the sums stand for; empty groups as zeros."""
    mass = np.maximum(sums.mass, 1)[..., np.newaxis]
    means, second = sums.first / mass, sums.second / mass
    d = means.shape[-1]
    matrices = (
        unpack_symmetric(second, d)
        if sums.covariance_type == "full"
        else second[..., None] * np.eye(d)
    )
    outer = means[..., :, np.newaxis] * means[..., np.newaxis, :]
    return np.asarray(matrices - (outer if sums.covariance_type == "full" else outer * np.eye(d)))


@settings(deadline=None)
@given(tables)
def test_moments_are_those_of_the_known_cells(x: FloatArray) -> None:
    means, variances = column_moments(x)
    seen = ~np.isnan(x).all(axis=0)
    np.testing.assert_allclose(means[seen], np.nanmean(x[:, seen], axis=0), atol=1e-9)
    np.testing.assert_allclose(variances[seen], np.nanvar(x[:, seen], axis=0), atol=1e-8)


def test_a_column_without_known_cells_has_mean_0_and_variance_1() -> None:
    means, variances = column_moments(np.array([[np.nan, 5.0], [np.nan, np.nan]]))
    assert means.tolist() == [0, 5]
    assert variances.tolist() == [1, 0]


def test_a_constant_column_far_from_zero_has_variance_0() -> None:
    x = np.full((7, 1), 1e6)
    x[2] = np.nan
    assert column_moments(x)[1].tolist() == [0]


@settings(deadline=None)
@given(tables)
def test_filling_keeps_known_cells_and_leaves_no_gap(x: FloatArray) -> None:
    filled = fill_additive(x)
    known = ~np.isnan(x)
    assert np.array_equal(filled[known], x[known])
    assert np.isfinite(filled).all()


def test_additive_rows_are_completed_exactly_if_row_effects_cancel_in_each_column() -> None:
    # Each row effect occurs with both signs under the same gaps, so column means are unchanged.
    rng = np.random.default_rng(0)
    effects = rng.normal(size=20)
    gaps = rng.random(size=(20, 6)) < 0.4
    gaps[:, 0] = False
    truth = np.concatenate([effects, -effects])[:, np.newaxis] + rng.normal(size=6) * 3
    filled = fill_additive(np.where(np.concatenate([gaps, gaps]), np.nan, truth))
    np.testing.assert_allclose(filled, truth, atol=1e-12)


def test_each_gap_gets_its_column_mean_plus_the_mean_deviation_of_its_row() -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random(size=(15, 4)) < 0.4, np.nan, rng.normal(size=(15, 4)) + 3)
    x[4] = np.nan
    filled = fill_additive(x)
    columns = np.nanmean(x, axis=0)
    for row, cells in enumerate(x):
        known = ~np.isnan(cells)
        effect = (cells - columns)[known].mean() if known.any() else 0.0
        np.testing.assert_allclose(filled[row, ~known], columns[~known] + effect)
    np.testing.assert_allclose(filled[4], columns)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_complete_rows_start_from_the_plain_sums(blobs: FloatArray, kind: CovarianceType) -> None:
    labels = np.random.default_rng(2).integers(0, 3, size=(4, len(blobs))).astype(np.int32)
    data = CompleteRows(blobs, kind)
    ours = starting_sums(blobs - data.origin, np.ones_like(blobs), labels, 3, kind)
    plain = data.start(labels, 3)
    assert ours.covariance_type == kind
    np.testing.assert_allclose(ours.mass, plain.mass)
    np.testing.assert_allclose(ours.first, plain.first, atol=1e-9)
    np.testing.assert_allclose(ours.second, plain.second, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_a_gap_counts_as_the_mean_and_variance_of_its_group(kind: CovarianceType) -> None:
    rng = np.random.default_rng(3)
    x = np.where(rng.random(size=(40, 3)) < 0.4, np.nan, rng.normal(size=(40, 3)) + 2)
    labels = rng.integers(0, 2, size=(1, 40)).astype(np.int32)
    # The second group has no known cell in the first column, so it gets the overall moments.
    x[labels[0] == 1, 0] = np.nan
    values, known = centred(x)
    sums = starting_sums(values, known, labels, 2, kind)
    for group in range(2):
        first, second = np.zeros(3), np.zeros((3, 3))
        members = np.where(known > 0, values, np.nan)[labels[0] == group]
        for cells in members:
            expected, spread = cells.copy(), np.zeros(3)
            for column in np.flatnonzero(np.isnan(cells)):
                own = members[:, column][~np.isnan(members[:, column])]
                everybody = values[:, column][known[:, column] > 0]
                expected[column] = own.mean() if own.size else 0.0
                spread[column] = own.var() if own.size else everybody.var()
            first += expected
            second += np.outer(expected, expected) + np.diag(spread)
        packed = second[np.triu_indices(3)] if kind == "full" else np.diag(second)
        assert sums.mass[0, group] == len(members)
        np.testing.assert_allclose(sums.first[0, group], first, atol=1e-12)
        np.testing.assert_allclose(sums.second[0, group], packed, atol=1e-12)


@settings(deadline=None)
@given(tables, st.integers(0, 1000), st.sampled_from(["full", "diag"]))
def test_starting_covariances_are_positive_semidefinite(
    x: FloatArray, seed: int, kind: CovarianceType
) -> None:
    labels = np.random.default_rng(seed).integers(0, N_GROUPS, size=(2, len(x))).astype(np.int32)
    covariances = covariances_of(starting_sums(*centred(x), labels, N_GROUPS, kind))
    scale = max(1.0, float(np.abs(covariances).max()))
    assert np.linalg.eigvalsh(covariances).min() >= -1e-9 * scale


def test_one_hot_puts_each_row_into_its_component() -> None:
    hot = one_hot(np.array([[0, 2, 2]], dtype=np.int32), 3)
    assert hot.tolist() == [[[1, 0, 0], [0, 0, 0], [0, 1, 1]]]
