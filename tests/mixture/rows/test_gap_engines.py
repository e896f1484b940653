"""Properties of all observation classes for rows with gaps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import e_step, m_step, posterior
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.restarts import Restarts, fit_restarts

N, D, B, K = 60, 5, 2, 3


def rows_with_gaps(*, ordinary: bool = False) -> FloatArray:
    """About 30 % gaps; a row without any known cell, one without any gap.

    Unless ``ordinary``, one column is constant and another has no known cell at all.
    """
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, D)) @ rng.normal(size=(D, D)) + 20
    x[rng.random(size=x.shape) < 0.3] = np.nan
    x[0], x[1] = np.nan, 20 + rng.normal(size=D)
    if not ordinary:
        x[:, 2] = np.where(np.isnan(x[:, 2]), np.nan, 4.0)
        x[:, 3] = np.nan
    return x


def random_mixture(kind: CovarianceType, k: int = K) -> MixtureParameters:
    rng = np.random.default_rng(6)
    roots = rng.normal(size=(B, k, D, D))
    full = roots @ np.swapaxes(roots, -1, -2) + np.eye(D)
    covariances = full if kind == "full" else rng.uniform(0.5, 4, size=(B, k, D))
    return MixtureParameters(
        rng.dirichlet(np.ones(k), size=B), rng.normal(size=(B, k, D)), covariances
    )


def random_starts(k: int = K) -> NDArray[np.int32]:
    return np.random.default_rng(7).integers(0, k, size=(B, N)).astype(np.int32)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_a_row_without_known_cells_has_no_effect(kind: CovarianceType) -> None:
    data, mixture = MixtureData(rows_with_gaps()).observations(kind), random_mixture(kind)
    responsibilities, log_likelihood = posterior(data, mixture)
    np.testing.assert_allclose(responsibilities[:, :, 0], mixture.weights, rtol=1e-12)
    np.testing.assert_allclose(log_likelihood[:, 0], 0, atol=1e-12)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_the_likelihood_never_falls(kind: CovarianceType) -> None:
    data = MixtureData(rows_with_gaps(ordinary=True)).observations(kind)
    fits = [
        fit_restarts(data, random_starts(), K, max_iter=n, tol=0, reg_covar=0) for n in range(1, 20)
    ]
    bounds = np.stack([fit.lower_bound for fit in fits])
    assert (np.diff(bounds, axis=0) >= -1e-10).all()
    assert (bounds[-1] > bounds[0] + 0.1).all()


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_with_a_prior_likelihood_times_prior_never_falls(kind: CovarianceType) -> None:
    x = rows_with_gaps()
    data = MixtureData(x).observations(kind)
    prior = CovariancePrior.from_data(x, K, kind)
    current = m_step(data.start(random_starts(), K), 0, prior)
    bounds = []
    for _ in range(20):
        bound, statistics = e_step(data, current)
        bounds.append(bound + prior.log_density(current) / data.n_rows)
        current = m_step(statistics, 0, prior)
    assert (np.diff(bounds, axis=0) >= -1e-10).all()
    assert (bounds[-1] > bounds[0] + 0.1).all()


def fitted(x: FloatArray, start: NDArray[np.int32], kind: CovarianceType) -> Restarts:
    return fit_restarts(
        MixtureData(x).observations(kind), start, K, max_iter=8, tol=0, reg_covar=1e-2
    )


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_the_order_of_rows_changes_nothing(kind: CovarianceType) -> None:
    x, start = rows_with_gaps(), random_starts()
    order = np.random.default_rng(8).permutation(N)
    one, other = fitted(x, start, kind), fitted(x[order], start[:, order], kind)
    np.testing.assert_allclose(other.parameters.means, one.parameters.means, rtol=1e-8)
    np.testing.assert_allclose(
        other.parameters.covariances, one.parameters.covariances, rtol=1e-8, atol=1e-8
    )
    np.testing.assert_allclose(other.lower_bound, one.lower_bound, rtol=1e-8)
    assert np.array_equal(other.labels, one.labels[:, order])


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_the_order_of_columns_only_orders_the_result(kind: CovarianceType) -> None:
    x, start = rows_with_gaps(), random_starts()
    order = np.array([3, 0, 4, 2, 1])
    one, other = fitted(x, start, kind), fitted(x[:, order], start, kind)
    covariances = one.parameters.covariances[:, :, order]
    if kind == "full":
        covariances = covariances[..., order]
    np.testing.assert_allclose(other.parameters.means, one.parameters.means[:, :, order], rtol=1e-8)
    np.testing.assert_allclose(other.parameters.covariances, covariances, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(other.lower_bound, one.lower_bound, rtol=1e-8)
    assert np.array_equal(other.labels, one.labels)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_the_names_of_components_only_order_the_result(kind: CovarianceType) -> None:
    x, start = rows_with_gaps(), random_starts()
    names = np.array([2, 0, 1])
    one, other = fitted(x, start, kind), fitted(x, names.astype(np.int32)[start], kind)
    for ours, renamed in (
        (one.parameters.weights, other.parameters.weights),
        (one.parameters.means, other.parameters.means),
        (one.parameters.covariances, other.parameters.covariances),
    ):
        np.testing.assert_allclose(renamed[:, names], ours, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(other.lower_bound, one.lower_bound, rtol=1e-8)
    assert np.array_equal(other.labels, names[one.labels])
