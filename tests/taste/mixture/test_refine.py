from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from lacunar.taste.mixture.data import MixtureData
from lacunar.taste.mixture.expectation import LocalExpectation
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray, MixtureParameters
from lacunar.taste.mixture.prior import CovariancePrior
from lacunar.taste.mixture.refine import refine
from lacunar.taste.mixture.search import EmOptions, search


def crowd(n: int = 3_000) -> FloatArray:
    rng = np.random.default_rng(5)
    centers = rng.normal(scale=2, size=(4, 5)) + 10
    return np.asarray(centers[rng.integers(4, size=n)] + rng.normal(size=(n, 5)))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["full", "diag"])
def test_going_on_is_what_scikit_learn_does_from_the_same_mixture(
    blobs: FloatArray, kind: CovarianceType
) -> None:
    rough = GaussianMixture(3, covariance_type=kind, random_state=1).fit(blobs[::3])
    start = MixtureParameters(
        rough.weights_[np.newaxis], rough.means_[np.newaxis], rough.covariances_[np.newaxis]
    )
    rows = LocalExpectation(MixtureData(blobs), kind, rows_per_chunk=40)
    ours = refine(rows, start, tol=1e-300, max_iter=7)
    peer = GaussianMixture(
        3,
        covariance_type=kind,
        weights_init=rough.weights_,
        means_init=rough.means_,
        precisions_init=rough.precisions_,
        tol=0,
        max_iter=7,
    ).fit(blobs)
    assert ours.lower_bound[0] == pytest.approx(peer.lower_bound_, abs=1e-9)
    np.testing.assert_allclose(ours.parameters.means[0], peer.means_, rtol=1e-8)
    np.testing.assert_allclose(ours.parameters.weights[0], peer.weights_, rtol=1e-7)
    assert not ours.converged[0]


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_a_sample_and_then_all_rows_reach_what_all_rows_alone_do(kind: CovarianceType) -> None:
    data = MixtureData(crowd())
    options = EmOptions(covariance_type=kind, prior_users=3.0, tol=1e-7, max_iter=500)
    whole = search(data, n_components=[4], seeds=range(5), options=options, criterion="bic")
    sample = np.arange(0, 3_000, 6)
    part = search(
        data.take(sample), n_components=[4], seeds=range(5), options=options, criterion="bic"
    )
    rows = LocalExpectation(data, kind)
    prior = CovariancePrior.from_variances(rows.variances, 4, kind, weight=3.0)
    found = refine(rows, part.starts, prior, tol=1e-7, max_iter=500)
    assert found.lower_bound.max() == pytest.approx(whole.surface.lower_bound.max(), abs=1e-5)
    order, expected = (m.means[0, :, 0].argsort() for m in (found.best(), whole.chosen))
    np.testing.assert_allclose(
        found.best().means[0][order], whole.chosen.means[0][expected], atol=1e-2
    )
