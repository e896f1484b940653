from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, m_step, posterior
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.rows import gaps_full
from lacunar.mixture.rows.complete import CompleteRows
from lacunar.mixture.rows.gaps_full import FullGapRows

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


def random_mixture(k: int = K) -> MixtureParameters:
    rng = np.random.default_rng(6)
    roots = rng.normal(size=(B, k, D, D))
    covariances = roots @ np.swapaxes(roots, -1, -2) + np.eye(D)
    return MixtureParameters(
        rng.dirichlet(np.ones(k), size=B), rng.normal(size=(B, k, D)), covariances
    )


def random_starts(k: int = K) -> NDArray[np.int32]:
    return np.random.default_rng(7).integers(0, k, size=(B, N)).astype(np.int32)


def test_complete_rows_give_what_the_engine_for_complete_rows_gives(blobs: FloatArray) -> None:
    start = kmeans_labels(blobs, 3, [0, 1])
    ours, peer = FullGapRows(blobs), CompleteRows(blobs, "full")
    a, b = m_step(ours.start(start, 3), 1e-6), m_step(peer.start(start, 3), 1e-6)
    for _ in range(5):
        bound, statistics = e_step(ours, a)
        expected, expected_statistics = e_step(peer, b)
        a, b = m_step(statistics, 1e-6), m_step(expected_statistics, 1e-6)
        np.testing.assert_allclose(bound, expected, rtol=1e-8)
        np.testing.assert_allclose(a.weights, b.weights, rtol=1e-8)
        np.testing.assert_allclose(a.means, b.means, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(a.covariances, b.covariances, rtol=1e-8, atol=1e-8)


def plain_sums(
    z: FloatArray, weight: float, mean: FloatArray, covariance: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log joint density of one row, its expected values and their covariance."""
    known, gap = ~np.isnan(z), np.isnan(z)
    observed = covariance[np.ix_(known, known)]
    cross = covariance[np.ix_(gap, known)]
    log_joint = float(np.log(weight))
    expected, spread = z.copy(), np.zeros((D, D))
    if known.any():
        log_joint += multivariate_normal(mean[known], observed).logpdf(z[known])
    expected[gap] = mean[gap] + cross @ np.linalg.solve(observed, (z - mean)[known])
    spread[np.ix_(gap, gap)] = covariance[np.ix_(gap, gap)] - cross @ np.linalg.solve(
        observed, cross.T
    )
    return log_joint, expected, spread


@pytest.mark.parametrize("ordinary", [True, False])
def test_densities_equal_those_of_the_observed_cells(ordinary: bool) -> None:
    x, mixture = rows_with_gaps(ordinary=ordinary), random_mixture()
    data = FullGapRows(x)
    for block in data.blocks(mixture):
        expected = np.empty_like(block.joint)
        for b, k in np.ndindex(B, K):
            component = (
                float(mixture.weights[b, k]),
                mixture.means[b, k],
                mixture.covariances[b, k],
            )
            for n, row in enumerate(np.arange(N)[block.rows]):
                expected[b, k, n] = plain_sums(x[row] - data.origin, *component)[0]
        np.testing.assert_allclose(block.joint, expected, rtol=1e-8)


@pytest.mark.parametrize("ordinary", [True, False])
def test_bound_and_statistics_equal_a_plain_loop(ordinary: bool) -> None:
    x, mixture = rows_with_gaps(ordinary=ordinary), random_mixture()
    data = FullGapRows(x)
    bound, statistics = e_step(data, mixture)
    for b in range(B):
        components = [
            [
                plain_sums(z, mixture.weights[b, k], mixture.means[b, k], mixture.covariances[b, k])
                for k in range(K)
            ]
            for z in x - data.origin
        ]
        joint = np.array([[log_joint for log_joint, _, _ in row] for row in components])
        responsibilities = softmax(joint, axis=1)
        assert bound[b] == pytest.approx(logsumexp(joint, axis=1).mean(), rel=1e-8)
        for k in range(K):
            first, second = np.zeros(D), np.zeros((D, D))
            for r, row in zip(responsibilities[:, k], components, strict=True):
                _, expected, spread = row[k]
                first += r * expected
                second += r * (np.outer(expected, expected) + spread)
            packed = second[np.triu_indices(D)]
            np.testing.assert_allclose(statistics.mass[b, k], responsibilities[:, k].sum())
            np.testing.assert_allclose(statistics.first[b, k], first, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(statistics.second[b, k], packed, rtol=1e-8, atol=1e-8)


def test_blocks_of_rows_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    x, mixture = rows_with_gaps(), random_mixture()
    whole = FullGapRows(x, B * K)
    monkeypatch.setattr(gaps_full, "_BLOCK_NUMBERS", 100)
    blocked = FullGapRows(x, B * K)
    assert len(list(blocked.blocks(mixture))) > 2 * len(list(whole.blocks(mixture)))
    bound, statistics = e_step(whole, mixture)
    blocked_bound, blocked_statistics = e_step(blocked, mixture)
    np.testing.assert_allclose(blocked_bound, bound, rtol=1e-12)
    np.testing.assert_allclose(blocked_statistics.first, statistics.first, rtol=1e-9)
    np.testing.assert_allclose(blocked_statistics.second, statistics.second, rtol=1e-9, atol=1e-9)
    for one, other in zip(posterior(whole, mixture), posterior(blocked, mixture), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)
