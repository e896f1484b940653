from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp, softmax
from sklearn.mixture import GaussianMixture

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, m_step, normalise, posterior
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.rows.complete import CompleteRows

joints = arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)),
    elements=st.floats(-2000, 500),
)


@given(joints)
def test_normalise_is_softmax_and_log_sum_exp_over_components(joint: FloatArray) -> None:
    responsibilities, log_likelihood = normalise(joint.copy())
    np.testing.assert_allclose(responsibilities, softmax(joint, axis=1), atol=1e-15)
    np.testing.assert_allclose(log_likelihood, logsumexp(joint, axis=1), rtol=1e-12, atol=1e-12)


def fitted_peer(x: FloatArray, kind: str) -> GaussianMixture:
    return GaussianMixture(3, covariance_type=kind, random_state=0, max_iter=4, tol=0).fit(x)


def as_batch(peer: GaussianMixture) -> MixtureParameters:
    return MixtureParameters(
        peer.weights_[np.newaxis], peer.means_[np.newaxis], peer.covariances_[np.newaxis]
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["full", "diag"])
def test_one_step_of_em_is_that_of_scikit_learn(blobs: FloatArray, kind: CovarianceType) -> None:
    peer = fitted_peer(blobs, kind)
    data = CompleteRows(blobs, kind)
    bound, statistics = e_step(data, as_batch(peer).moved_by(-data.origin))
    ours = m_step(statistics, reg_covar=1e-6).moved_by(data.origin)
    assert bound[0] == pytest.approx(peer.score(blobs), abs=1e-10)
    peer._m_step(blobs, peer._e_step(blobs)[1])
    np.testing.assert_allclose(ours.weights[0], peer.weights_, rtol=1e-9)
    np.testing.assert_allclose(ours.means[0], peer.means_, rtol=1e-9)
    np.testing.assert_allclose(ours.covariances[0], peer.covariances_, rtol=1e-7, atol=1e-10)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["full", "diag"])
def test_the_posterior_is_that_of_scikit_learn(blobs: FloatArray, kind: CovarianceType) -> None:
    peer = fitted_peer(blobs, kind)
    responsibilities, log_likelihood = posterior(CompleteRows(blobs, kind), as_batch(peer))
    np.testing.assert_allclose(responsibilities[0].T, peer.predict_proba(blobs), atol=1e-9)
    np.testing.assert_allclose(log_likelihood[0], peer.score_samples(blobs), atol=1e-9)
