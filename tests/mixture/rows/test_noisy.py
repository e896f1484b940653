from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal

from lacunar.aliases import FloatArray
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import e_step, m_step, posterior
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.restarts import fit_restarts
from lacunar.mixture.rows import noisy as engine
from lacunar.mixture.rows.noisy import NoisyRows

N, D, B, K = 50, 4, 2, 3
both_kinds = pytest.mark.parametrize("kind", ["full", "diag"])


def rows_with_gaps() -> FloatArray:
    """About 30 % gaps; a row without any known cell, one without any gap."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, D)) @ rng.normal(size=(D, D)) + 20
    x[rng.random(size=x.shape) < 0.3] = np.nan
    x[0], x[1] = np.nan, 20 + rng.normal(size=D)
    return x


def random_noise(x: FloatArray) -> FloatArray:
    """A variance per known cell, some of them 0; NaN in gaps, where it must be ignored."""
    rng = np.random.default_rng(1)
    variances = rng.gamma(1.0, 2.0, size=x.shape) * (rng.random(size=x.shape) < 0.8)
    return np.where(np.isnan(x), np.nan, variances)


def random_mixture(kind: CovarianceType) -> MixtureParameters:
    rng = np.random.default_rng(2)
    roots = rng.normal(size=(B, K, D, D))
    covariances = roots @ np.swapaxes(roots, -1, -2) + np.eye(D)
    if kind == "diag":
        covariances = np.einsum("...ii->...i", covariances).copy()
    weights = rng.dirichlet(np.ones(K), size=B)
    return MixtureParameters(weights, rng.normal(size=(B, K, D)), covariances)


def random_starts() -> NDArray[np.int32]:
    return np.random.default_rng(3).integers(0, K, size=(B, N)).astype(np.int32)


def deconvolved(
    z: FloatArray, noise: FloatArray, weight: float, mean: FloatArray, covariance: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log joint density of one row, the expected noiseless row and its covariance.

    Bovy, Hogg and Roweis (2011), equations 16 and 20, the projection keeping known cells.
    """
    known = ~np.isnan(z)
    if not known.any():
        return float(np.log(weight)), mean, covariance
    total = covariance[np.ix_(known, known)] + np.diag(noise[known])
    gain = covariance[:, known] @ np.linalg.inv(total)
    log_joint = np.log(weight) + multivariate_normal(mean[known], total).logpdf(z[known])
    expected = mean + gain @ (z - mean)[known]
    return float(log_joint), expected, covariance - gain @ covariance[known]


@both_kinds
def test_without_noise_the_gap_engines_agree(kind: CovarianceType) -> None:
    x, mixture = rows_with_gaps(), random_mixture(kind)
    ours, peer = NoisyRows(x, np.zeros_like(x), kind), MixtureData(x).observations(kind)
    assert type(peer) is not NoisyRows
    np.testing.assert_allclose(ours.origin, peer.origin, rtol=1e-12)
    bound, statistics = e_step(ours, mixture)
    expected, expected_statistics = e_step(peer, mixture)
    np.testing.assert_allclose(bound, expected, rtol=1e-8)
    np.testing.assert_allclose(statistics.mass, expected_statistics.mass, rtol=1e-8)
    np.testing.assert_allclose(statistics.first, expected_statistics.first, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(statistics.second, expected_statistics.second, rtol=1e-8, atol=1e-8)
    fits = [fit_restarts(data, random_starts(), K, max_iter=5, tol=0) for data in (ours, peer)]
    for name in ("weights", "means", "covariances"):
        one, other = (getattr(fit.parameters, name) for fit in fits)
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8)


@both_kinds
def test_bound_and_statistics_equal_a_plain_loop_of_extreme_deconvolution(
    kind: CovarianceType,
) -> None:
    x, mixture = rows_with_gaps(), random_mixture(kind)
    noise = random_noise(x)
    data = NoisyRows(x, noise, kind)
    bound, statistics = e_step(data, mixture)
    for b in range(B):
        joint, expected, spread = np.empty((K, N)), np.empty((K, N, D)), np.empty((K, N, D, D))
        for k, n in np.ndindex(K, N):
            covariance = mixture.covariances[b, k]
            covariance = covariance if kind == "full" else np.diag(covariance)
            joint[k, n], expected[k, n], spread[k, n] = deconvolved(
                (x - data.origin)[n],
                noise[n],
                mixture.weights[b, k],
                mixture.means[b, k],
                covariance,
            )
        responsibilities = softmax(joint, axis=0)
        assert bound[b] == pytest.approx(logsumexp(joint, axis=0).mean(), rel=1e-8)
        for k in range(K):
            first, second = np.zeros(D), np.zeros((D, D))
            for r, e, s in zip(responsibilities[k], expected[k], spread[k], strict=True):
                first += r * e
                second += r * (np.outer(e, e) + s)
            moments = second[np.triu_indices(D)] if kind == "full" else np.diag(second)
            np.testing.assert_allclose(statistics.mass[b, k], responsibilities[k].sum())
            np.testing.assert_allclose(statistics.first[b, k], first, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(statistics.second[b, k], moments, rtol=1e-8, atol=1e-8)


@both_kinds
def test_a_cell_of_huge_noise_is_a_gap(kind: CovarianceType) -> None:
    x, mixture = rows_with_gaps(), random_mixture(kind)
    huge = ~np.isnan(x) & (np.random.default_rng(4).random(size=x.shape) < 0.2)
    noise = np.where(huge, 1e10, 0.0)
    ours = NoisyRows(x, noise, kind)
    peer = MixtureData(np.where(huge, np.nan, x)).observations(kind)
    # The gaps move the column means that both are relative to.
    absolute = mixture.moved_by(peer.origin)
    responsibilities, _ = posterior(ours, absolute)
    np.testing.assert_allclose(responsibilities, posterior(peer, absolute)[0], atol=1e-6)
    next_ours = m_step(e_step(ours, absolute.moved_by(-ours.origin))[1], 0).moved_by(ours.origin)
    next_peer = m_step(e_step(peer, mixture)[1], 0).moved_by(peer.origin)
    np.testing.assert_allclose(next_ours.means, next_peer.means, rtol=1e-6)
    np.testing.assert_allclose(next_ours.covariances, next_peer.covariances, rtol=1e-6, atol=1e-6)


@both_kinds
def test_a_row_without_known_cells_has_no_effect(kind: CovarianceType) -> None:
    x, mixture = rows_with_gaps(), random_mixture(kind)
    responsibilities, log_likelihood = posterior(NoisyRows(x, random_noise(x), kind), mixture)
    np.testing.assert_allclose(responsibilities[:, :, 0], mixture.weights, rtol=1e-12)
    np.testing.assert_allclose(log_likelihood[:, 0], 0, atol=1e-12)


@both_kinds
def test_the_likelihood_never_falls(kind: CovarianceType) -> None:
    x = rows_with_gaps()
    data = NoisyRows(x, random_noise(x), kind)
    fits = [
        fit_restarts(data, random_starts(), K, max_iter=n, tol=0, reg_covar=0) for n in range(1, 15)
    ]
    bounds = np.stack([fit.lower_bound for fit in fits])
    assert (np.diff(bounds, axis=0) >= -1e-10).all()
    assert (bounds[-1] > bounds[0] + 0.1).all()


@both_kinds
def test_with_a_prior_likelihood_times_prior_never_falls(kind: CovarianceType) -> None:
    x = rows_with_gaps()
    data = NoisyRows(x, random_noise(x), kind)
    prior = CovariancePrior.from_data(x, K, kind)
    fits = [
        fit_restarts(data, random_starts(), K, max_iter=n, tol=0, prior=prior) for n in range(1, 15)
    ]
    bounds = np.stack([fit.lower_bound for fit in fits])
    assert (np.diff(bounds, axis=0) >= -1e-10).all()
    assert (bounds[-1] > bounds[0] + 0.1).all()


@both_kinds
def test_the_true_variance_is_recovered_where_the_noise_is_known(kind: CovarianceType) -> None:
    rng = np.random.default_rng(5)
    true_variance = np.array([1.0, 4.0, 0.5])
    noise = rng.gamma(2.0, 1.0, size=(3000, 3))
    x = rng.normal(size=(3000, 3)) * np.sqrt(true_variance) + 10
    x += rng.normal(size=x.shape) * np.sqrt(noise)
    start = np.zeros((1, len(x)), dtype=np.int32)

    def fitted_variances(data: MixtureData) -> FloatArray:
        fit = fit_restarts(data.observations(kind), start, 1, tol=1e-7, max_iter=300)
        (covariance,) = fit.parameters.covariances[0]
        return np.asarray(covariance if kind == "diag" else np.diag(covariance))

    known = fitted_variances(MixtureData(x, noise))
    unknown = fitted_variances(MixtureData(x))
    np.testing.assert_allclose(known, true_variance, rtol=0.2)
    assert (np.abs(known - true_variance) < 0.2 * np.abs(unknown - true_variance)).all()


@both_kinds
def test_blocks_of_rows_give_what_one_block_gives(
    kind: CovarianceType, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, mixture = rows_with_gaps(), random_mixture(kind)
    rows = NoisyRows(x, random_noise(x), kind)
    bound, statistics = e_step(rows, mixture)
    assert len(list(rows.blocks(mixture))) == 1
    monkeypatch.setattr(engine, "_BLOCK_NUMBERS", 1)
    blocked_bound, blocked_statistics = e_step(rows, mixture)
    assert len(list(rows.blocks(mixture))) > 1
    np.testing.assert_allclose(blocked_bound, bound, rtol=1e-12)
    np.testing.assert_allclose(blocked_statistics.second, statistics.second, rtol=1e-9, atol=1e-9)


def test_many_columns_keep_the_diagonal_densities_exact() -> None:
    # Logarithms are taken of eight factors at a time: 19 columns end within a batch of eight.
    rng = np.random.default_rng(6)
    x, noise = rng.normal(size=(6, 19)), rng.gamma(1.0, 1.0, size=(6, 19)) * 1e-6
    x[rng.random(size=x.shape) < 0.3] = np.nan
    mixture = MixtureParameters(np.ones((1, 1)), np.zeros((1, 1, 19)), np.full((1, 1, 19), 1e-6))
    data = NoisyRows(x, noise, "diag")
    log_likelihood = posterior(data, mixture)[1][0]
    for n in range(6):
        known = ~np.isnan(x[n])
        deviation = np.sqrt(noise[n] + 1e-6)[known]
        expected = -0.5 * (x[n, known] / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi))
        assert log_likelihood[n] == pytest.approx(expected.sum(), rel=1e-10)
