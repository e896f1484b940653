from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import (
    cholesky_in_place,
    inverse_from_cholesky,
    solve_lower,
    solve_upper,
    unpack_symmetric,
    upper_pairs,
    whiten,
)


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


@pytest.mark.parametrize("d", [1, 2, 5])
def test_packing_and_unpacking_give_the_matrix_back(d: int) -> None:
    factors = np.random.default_rng(d).normal(size=(3, d, d))
    matrices = factors + np.swapaxes(factors, -1, -2)
    i, j = upper_pairs(d)
    assert np.array_equal(unpack_symmetric(matrices[..., i, j], d), matrices)


BATCH = (3, 4)


def positive_definite(q: int) -> FloatArray:
    """Twelve matrices of shape (q, q), batch axes first, as numpy.linalg wants them."""
    roots = np.random.default_rng(q).normal(size=(*BATCH, q, q + 2))
    return np.asarray(roots @ np.swapaxes(roots, -1, -2))


def batch_last(matrices: FloatArray) -> FloatArray:
    return np.moveaxis(matrices, (-2, -1), (0, 1)).copy()


def batch_first(matrices: FloatArray) -> FloatArray:
    return np.moveaxis(matrices, (0, 1), (-2, -1)).copy()


def scrambled_above(matrices: FloatArray) -> FloatArray:
    """The same lower triangles, with NaN above the diagonal."""
    q = len(matrices)
    matrices = matrices.copy()
    matrices[np.triu_indices(q, k=1)] = np.nan
    return matrices


@pytest.mark.parametrize("q", range(1, 9))
def test_factors_are_those_of_lapack(q: int) -> None:
    matrices = positive_definite(q)
    factors = batch_first(cholesky_in_place(batch_last(matrices)))
    np.testing.assert_allclose(np.tril(factors), np.linalg.cholesky(matrices), rtol=1e-9)


@pytest.mark.parametrize("q", range(1, 9))
def test_solving_with_the_factors_solves_triangular_systems(q: int) -> None:
    matrices = positive_definite(q)
    lower = np.linalg.cholesky(matrices)
    right = np.random.default_rng(0).normal(size=(q, *BATCH))
    factors = cholesky_in_place(scrambled_above(batch_last(matrices)))
    forward = solve_lower(factors, right.copy())
    back = solve_upper(factors, right.copy())
    for index in np.ndindex(*BATCH):
        v, at = right[(slice(None), *index)], (slice(None), *index)
        expected = scipy.linalg.solve_triangular(lower[index], v, lower=True)
        np.testing.assert_allclose(forward[at], expected, rtol=1e-8, atol=1e-12)
        expected = scipy.linalg.solve_triangular(lower[index].T, v, lower=False)
        np.testing.assert_allclose(back[at], expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("q", range(1, 9))
def test_forward_and_back_substitution_solve_with_the_whole_matrix(q: int) -> None:
    matrices = positive_definite(q)
    right = np.random.default_rng(1).normal(size=(q, *BATCH))
    factors = cholesky_in_place(batch_last(matrices))
    solved = solve_upper(factors, solve_lower(factors, right.copy()))
    expected = np.linalg.solve(matrices, np.moveaxis(right, 0, -1)[..., np.newaxis])[..., 0]
    np.testing.assert_allclose(np.moveaxis(solved, 0, -1), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("q", range(1, 9))
def test_inverses_are_those_of_lapack_and_symmetric(q: int) -> None:
    matrices = positive_definite(q)
    result = batch_first(
        inverse_from_cholesky(cholesky_in_place(scrambled_above(batch_last(matrices))))
    )
    np.testing.assert_allclose(result, np.linalg.inv(matrices), rtol=1e-7, atol=1e-9)
    assert np.array_equal(result, np.swapaxes(result, -1, -2))


def test_factors_and_solutions_overwrite_their_input() -> None:
    matrices = batch_last(positive_definite(3))
    right = np.ones((3, *BATCH))
    factors = cholesky_in_place(matrices)
    assert factors is matrices
    assert solve_lower(factors, right) is right
    assert solve_upper(factors, right) is right


def test_empty_matrices_are_supported() -> None:
    empty = cholesky_in_place(np.empty((0, 0, 5)))
    assert inverse_from_cholesky(empty).shape == (0, 0, 5)
    assert solve_lower(empty, np.empty((0, 5))).shape == (0, 5)
