from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.mixture.cholesky import whiten


@pytest.mark.parametrize("d", [1, 2, 3, 7, 20])
def test_whitening_matrices_square_to_the_inverse(d: int) -> None:
    factors = np.random.default_rng(d).normal(size=(4, 3, d, d + 2))
    covariances = factors @ np.swapaxes(factors, -1, -2)
    whitening, log_det = whiten(covariances)
    product = np.swapaxes(whitening, -1, -2) @ whitening @ covariances
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(d), product.shape), atol=1e-8)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(covariances)[1])
    assert np.array_equal(whitening, np.tril(whitening))


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        whiten(np.array([[1.0, 2.0], [2.0, 1.0]]))
