from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from lacunar.mixture.parameters import MixtureParameters


@pytest.mark.parametrize(("kind", "shape"), [("full", (1, 3, 4, 4)), ("diag", (1, 3, 4))])
def test_free_parameters_are_counted_as_scikit_learn_does(
    kind: str, shape: tuple[int, ...]
) -> None:
    parameters = MixtureParameters(np.ones((1, 3)) / 3, np.zeros((1, 3, 4)), np.zeros(shape))
    peer = GaussianMixture(3, covariance_type=kind)
    peer.means_ = parameters.means[0]
    assert parameters.n_free == peer._n_parameters()
    assert parameters.covariance_type == kind


def test_put_writes_only_the_named_restarts() -> None:
    batch = MixtureParameters(np.zeros((3, 1)), np.zeros((3, 1, 2)), np.zeros((3, 1, 2)))
    one = MixtureParameters(np.ones((1, 1)), np.ones((1, 1, 2)), np.ones((1, 1, 2)))
    batch.put(np.array([1]), one)
    assert batch.weights.ravel().tolist() == [0, 1, 0]
    assert batch.take(np.array([1])).means.tolist() == one.means.tolist()
