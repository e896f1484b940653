from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, posterior
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.rows import complete
from lacunar.mixture.rows.complete import CompleteRows


def random_mixture(kind: CovarianceType, b: int, k: int, d: int) -> MixtureParameters:
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(b, k, d, d))
    full = factors @ np.swapaxes(factors, -1, -2) + np.eye(d)
    covariances = full if kind == "full" else np.einsum("...ii->...i", full).copy()
    weights = rng.dirichlet(np.ones(k), size=b)
    return MixtureParameters(weights, rng.normal(size=(b, k, d)), covariances)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_joint_densities_equal_the_closed_form(blobs: FloatArray, kind: CovarianceType) -> None:
    mixture = random_mixture(kind, b=2, k=3, d=5)
    data = CompleteRows(blobs, kind)
    for block in data.blocks(mixture):
        for b in range(2):
            for k in range(3):
                covariance = mixture.covariances[b, k]
                covariance = covariance if kind == "full" else np.diag(covariance)
                expected = multivariate_normal(mixture.means[b, k], covariance).logpdf(
                    blobs[block.rows] - data.origin
                ) + np.log(mixture.weights[b, k])
                np.testing.assert_allclose(block.joint[b, k], expected, rtol=1e-10)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_statistics_equal_a_plain_loop(blobs: FloatArray, kind: CovarianceType) -> None:
    rng = np.random.default_rng(2)
    responsibilities = rng.random(size=(2, 3, len(blobs)))
    data = CompleteRows(blobs, kind)
    (block,) = data.blocks(random_mixture(kind, b=2, k=3, d=5))
    sums = block.statistics(responsibilities)
    centred = blobs - data.origin
    for b in range(2):
        for k in range(3):
            weights = responsibilities[b, k]
            outer = sum(w * np.outer(x, x) for w, x in zip(weights, centred, strict=True))
            second = outer[np.triu_indices(5)] if kind == "full" else np.diag(outer)
            np.testing.assert_allclose(sums.mass[b, k], weights.sum())
            np.testing.assert_allclose(sums.first[b, k], weights @ centred)
            np.testing.assert_allclose(sums.second[b, k], second)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_blocks_of_rows_give_what_one_block_gives(
    blobs: FloatArray, kind: CovarianceType, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixture = random_mixture(kind, b=2, k=3, d=5)
    whole = CompleteRows(blobs, kind, densities_per_row=6)
    monkeypatch.setattr(complete, "_BLOCK_DENSITIES", 200)
    monkeypatch.setattr(complete, "_CACHED_FEATURES", 0)
    blocked = CompleteRows(blobs, kind, densities_per_row=6)
    assert len(list(whole.blocks(mixture))) == 1 < len(list(blocked.blocks(mixture)))
    bound, statistics = e_step(whole, mixture)
    blocked_bound, blocked_statistics = e_step(blocked, mixture)
    np.testing.assert_allclose(blocked_bound, bound, rtol=1e-12)
    np.testing.assert_allclose(blocked_statistics.second, statistics.second, rtol=1e-9)
    for one, other in zip(posterior(whole, mixture), posterior(blocked, mixture), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)
