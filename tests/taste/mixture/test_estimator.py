from __future__ import annotations

import numpy as np
import pytest
from sklearn import mixture as peers
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from lacunar.taste.mixture import GaussianMixture
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_one_restart_equals_scikit_learn(blobs: FloatArray, kind: CovarianceType) -> None:
    ours = GaussianMixture(3, covariance_type=kind, random_state=4).fit(blobs)
    peer = peers.GaussianMixture(3, covariance_type=kind, random_state=4).fit(blobs)
    np.testing.assert_allclose(ours.means_, peer.means_, rtol=1e-9)
    np.testing.assert_allclose(ours.covariances_, peer.covariances_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(blobs), peer.predict_proba(blobs), atol=1e-8)
    assert np.array_equal(ours.predict(blobs), peer.predict(blobs))
    assert ours.score(blobs) == pytest.approx(peer.score(blobs))
    assert ours.bic(blobs) == pytest.approx(peer.bic(blobs))
    assert ours.aic(blobs) == pytest.approx(peer.aic(blobs))


def test_the_best_of_several_restarts_is_kept(blobs: FloatArray) -> None:
    alone = [GaussianMixture(5, random_state=seed).fit(blobs).lower_bound_ for seed in range(6)]
    together = GaussianMixture(5, n_init=6, random_state=0).fit(blobs)
    assert together.lower_bound_ == pytest.approx(max(alone), abs=1e-12)


def test_samples_have_the_moments_of_the_mixture(blobs: FloatArray) -> None:
    fitted = GaussianMixture(3, random_state=0).fit(blobs)
    rows, labels = fitted.sample(40_000)
    np.testing.assert_allclose(rows.mean(axis=0), blobs.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.bincount(labels) / len(labels), fitted.weights_, atol=0.02)


def test_too_few_iterations_warn(blobs: FloatArray) -> None:
    with pytest.warns(ConvergenceWarning, match="no convergence in 2 iterations"):
        GaussianMixture(4, max_iter=2, random_state=0).fit(blobs)


def test_what_is_not_fitted_cannot_predict() -> None:
    with pytest.raises(NotFittedError):
        GaussianMixture(2).predict([[0.0]])


def test_more_components_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="n_components = 3"):
        GaussianMixture(3).fit([[0.0], [1.0]])
