from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import invgamma, invwishart

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, m_step
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.linalg import unpack_symmetric
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.restarts import fit_restarts
from lacunar.mixture.rows.complete import CompleteRows

both_kinds = pytest.mark.parametrize("kind", ["full", "diag"])


def random_covariances(seed: int, kind: CovarianceType, shape: tuple[int, int, int]) -> FloatArray:
    b, k, d = shape
    roots = np.random.default_rng(seed).normal(size=(b, k, d, d))
    full = roots @ np.swapaxes(roots, -1, -2) + 0.3 * np.eye(d)
    return full if kind == "full" else np.einsum("...ii->...i", full).copy()


def with_covariances(covariances: FloatArray) -> MixtureParameters:
    b, k, d = covariances.shape[:3]
    return MixtureParameters(np.full((b, k), 1 / k), np.zeros((b, k, d)), covariances)


def matrices_of(covariances: FloatArray, kind: CovarianceType) -> FloatArray:
    d = covariances.shape[-1]
    return covariances if kind == "full" else covariances[..., np.newaxis] * np.eye(d)


@both_kinds
@pytest.mark.parametrize("weight", [0.0, 7.5])
def test_the_density_is_that_of_scipy_up_to_a_constant(kind: CovarianceType, weight: float) -> None:
    x = np.random.default_rng(0).normal(size=(30, 3)) * [1, 2, 5]
    prior = CovariancePrior.from_data(x, 4, kind, weight=weight)
    covariances = random_covariances(1, kind, (2, 4, 3))
    if kind == "full":
        peer = invwishart(df=prior.degrees, scale=np.diag(prior.scale))
        expected = [sum(peer.logpdf(matrix) for matrix in mixture) for mixture in covariances]
    else:
        expected = [
            invgamma.logpdf(mixture, prior.degrees / 2, scale=prior.scale / 2).sum()
            for mixture in covariances
        ]
    ours = prior.log_density(with_covariances(covariances))
    assert ours[1] - ours[0] == pytest.approx(expected[1] - expected[0], rel=1e-9)


@both_kinds
@pytest.mark.parametrize("weight", [0.0, 1.0, 50.0])
def test_the_expected_variance_is_a_share_of_the_data_whatever_the_weight(
    kind: CovarianceType, weight: float
) -> None:
    x = np.random.default_rng(2).normal(size=(40, 3)) * [1, 2, 5]
    x[np.random.default_rng(3).random(size=x.shape) < 0.3] = np.nan
    prior = CovariancePrior.from_data(x, 8, kind, weight=weight)
    if kind == "full":
        expected = np.diag(invwishart(df=prior.degrees, scale=np.diag(prior.scale)).mean())
    else:
        expected = invgamma(prior.degrees / 2, scale=prior.scale / 2).mean()
    np.testing.assert_allclose(expected, np.nanvar(x, axis=0) * 8 ** (-2 / 3))


@both_kinds
def test_weight_is_a_number_of_rows(kind: CovarianceType) -> None:
    x = np.random.default_rng(4).normal(size=(20, 3))
    light, heavy = (CovariancePrior.from_data(x, 2, kind, weight=w) for w in (0.0, 12.0))
    assert heavy.strength - light.strength == pytest.approx(12)


def test_constant_and_unknown_columns_get_a_usable_scale() -> None:
    x = np.random.default_rng(5).normal(size=(30, 4)) * [1, 3, 0, 0]
    x[:, 3] = np.nan
    scale = CovariancePrior.from_data(x, 1, "diag").scale
    variances = [*x[:, :2].var(axis=0), 1.0]
    np.testing.assert_allclose(scale, [*variances[:2], np.mean(variances), 1.0])


def test_rows_that_are_all_equal_get_the_scale_of_unit_variance() -> None:
    assert CovariancePrior.from_data(np.full((5, 2), 3.0), 1, "full").scale.tolist() == [1, 1]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["full", "diag"]),
    st.floats(0, 20),
    st.floats(1e-3, 0.5),
)
def test_no_other_covariance_beats_the_posterior_mode(
    seed: int, kind: CovarianceType, weight: float, step: float
) -> None:
    rng = np.random.default_rng(seed)
    d = 3
    prior = CovariancePrior.from_data(rng.normal(size=(20, d)), 2, kind, weight=weight)
    mass = rng.uniform(0, 9, size=(1, 2))
    per_row = random_covariances(seed + 1, kind, (1, 2, d))
    scatter = per_row * mass.reshape(1, 2, *[1] * (per_row.ndim - 2))
    i, j = np.triu_indices(d)
    mode = prior.posterior_mode(scatter[..., i, j] if kind == "full" else scatter, mass)
    mode = unpack_symmetric(mode, d) if kind == "full" else mode

    def objective(covariances: FloatArray) -> float:
        """Expected log-likelihood and log prior, up to a constant."""
        total = float(prior.log_density(with_covariances(covariances))[0])
        pairs = zip(
            matrices_of(covariances, kind)[0], matrices_of(scatter, kind)[0], mass[0], strict=True
        )
        for covariance, sums, n in pairs:
            log_det = np.linalg.slogdet(covariance)[1]
            total -= 0.5 * (n * log_det + np.trace(np.linalg.solve(covariance, sums)))
        return total

    shift = rng.normal(size=mode.shape)
    if kind == "full":
        roots = np.linalg.cholesky(mode) @ (np.eye(d) + step * shift / 4)
        other = roots @ np.swapaxes(roots, -1, -2)
    else:
        other = mode * np.exp(step * shift)
    assert objective(other) < objective(mode)


@both_kinds
def test_the_m_step_with_a_prior_has_the_closed_form(
    blobs: FloatArray, kind: CovarianceType
) -> None:
    prior = CovariancePrior.from_data(blobs, 1, kind, weight=3)
    data = CompleteRows(blobs, kind)
    start = np.zeros((1, len(blobs)), dtype=np.int32)
    # With a prior, reg_covar is not used.
    fitted = m_step(data.start(start, 1), 123.0, prior)
    scatter = np.cov(blobs.T, bias=True) * len(blobs)
    if kind == "full":
        expected = (scatter + np.diag(prior.scale)) / (len(blobs) + prior.degrees + 5 + 1)
    else:
        expected = (np.diag(scatter) + prior.scale) / (len(blobs) + prior.degrees + 2)
    np.testing.assert_allclose(fitted.covariances[0, 0], expected, rtol=1e-9, atol=1e-9)


@both_kinds
@pytest.mark.parametrize("k", [5, 14, 15])
def test_as_many_components_as_rows_cannot_collapse(kind: CovarianceType, k: int) -> None:
    x = np.random.default_rng(6).normal(size=(15, 3)) + 50
    prior = CovariancePrior.from_data(x, k, kind)
    fit = fit_restarts(CompleteRows(x, kind), kmeans_labels(x, k, range(4)), k, prior=prior)
    assert np.isfinite(fit.lower_bound).all()
    assert np.isfinite(fit.log_likelihood).all()
    assert (fit.smallest_variance >= prior.scale.min() / (len(x) + prior.strength)).all()


@both_kinds
def test_the_bound_of_a_fit_contains_the_prior(blobs: FloatArray, kind: CovarianceType) -> None:
    data, prior = CompleteRows(blobs, kind), CovariancePrior.from_data(blobs, 3, kind)
    start = kmeans_labels(blobs, 3, [0])
    one = m_step(data.start(start, 3), 0, prior)
    expected = e_step(data, one)[0] + prior.log_density(one) / len(blobs)
    fit = fit_restarts(data, start, 3, max_iter=1, prior=prior)
    np.testing.assert_allclose(fit.lower_bound, expected, rtol=1e-12)
