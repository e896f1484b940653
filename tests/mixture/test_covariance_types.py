from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Peer
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

from lacunar.aliases import FloatArray
from lacunar.mixture.covariance_types import (
    SklearnCovarianceType,
    cholesky_of_precisions,
    covariances_of,
    covariances_shape,
    parameters_of,
    precisions_of,
)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_arrays_of_scikit_learn_come_back(blobs: FloatArray, kind: SklearnCovarianceType) -> None:
    peer = Peer(3, covariance_type=kind, random_state=0).fit(blobs)
    parameters = parameters_of(peer.weights_, peer.means_, peer.covariances_, kind)
    assert parameters.n_free == peer._n_parameters()
    assert np.array_equal(covariances_of(parameters), peer.covariances_)
    assert covariances_shape(kind, 3, 5) == peer.covariances_.shape
    roots = cholesky_of_precisions(peer.covariances_, kind)
    expected = _compute_precision_cholesky(peer.covariances_, kind)
    np.testing.assert_allclose(roots, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(precisions_of(roots, kind), peer.precisions_, rtol=1e-9)
