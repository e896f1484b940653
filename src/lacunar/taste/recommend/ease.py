"""EASE: a linear item-item model in closed form.

Feedback X (users x items) predicts itself, each item from all others. The weights B minimise
 ``|X - X B|^2 + penalty |B|^2`` with a diagonal of zeros. With
``P = (X'X + penalty)^-1`` the weights are ``B_ij = -P_ij / P_jj``. Source: Steck (2019),
"Embarrassingly Shallow Autoencoders for Sparse Data". Rows of content below the rows of users
bring items with the same content closer: Jeunen, Van Balen and Goethals (2020), "Closed-Form
Models for Collaborative Filtering with Side-Information".

With fewer rows n than items, an n x n inverse gives the same weights (Woodbury): with
``A = (X X' + penalty)^-1`` and ``q_j = 1 - x_j' A x_j``, ``B_ij = x_i' A x_j / q_j``. A row x
has the scores ``(x X' A X) / q`` for the items that it lacks. This needs no items x items matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.parallel import in_threads

# A multiply-add of a sparse product costs about as much as a hundred of a dense one.
_DENSE_ADVANTAGE = 100
_ROWS_PER_BLOCK = 1024
# Items per block of a sparse product, and blocks that run in threads at a time.
_FILMS_PER_BLOCK = 512
_BLOCKS = 8


@dataclass(frozen=True)
class DualEase:
    """EASE weights in dual form: the n x n inverse of a feedback matrix with n rows.

    Parameters
    ----------
    rows : scipy.sparse.csr_array of shape (n, I)
        Feedback of users, and rows of content.
    inverse : ndarray of shape (n, n)
        ``A`` above.
    unexplained : ndarray of shape (I,)
        ``q`` above, in (0, 1].
    """

    rows: sp.csr_array
    inverse: FloatArray
    unexplained: FloatArray

    def predict(self, feedback: sp.csr_array) -> FloatArray:
        """Predict the feedback on all items, shape (B, I), from feedback of shape (B, I)."""
        mixing = np.asarray((feedback @ self._films).toarray() @ self.inverse)  # (B, n)
        scores = np.asarray(self._scaled_films @ np.ascontiguousarray(mixing.T)).T  # (B, I)
        own = feedback.tocoo()
        user, item = own.coords
        scores[user, item] -= own.data * (1 / self.unexplained[item] - 1)
        return scores

    def weights(self, sources: Sequence[int], targets: Sequence[int]) -> FloatArray:
        """Return the contribution of one unit of feedback on each source to each target."""
        right = self._scaled_films[list(targets)] @ self.inverse  # (targets, n)
        found = np.asarray(self._films[list(sources)] @ right.T)
        return np.where(np.equal.outer(sources, targets), 0.0, found)

    @cached_property
    def _films(self) -> sp.csr_array:
        return sp.csr_array(self.rows.T)

    @cached_property
    def _scaled_films(self) -> sp.csr_array:
        """Each item's column divided by ``unexplained``, shape (I, n)."""
        return sp.csr_array(self.rows.multiply(1 / self.unexplained).T)


@dataclass(frozen=True, slots=True)
class PrimalEase:
    """EASE weights in primal form: an items x items matrix.

    Parameters
    ----------
    n_items : int
        Items in all, I.
    items : ndarray of shape (M,)
        Positions of the modelled items; the weights of other items are zero.
    matrix : ndarray or scipy.sparse.csr_array of shape (M, M)
        Weight of each source (row) for each target (column).
    """

    n_items: int
    items: NDArray[np.intp]
    matrix: FloatArray | sp.csr_array

    def predict(self, feedback: sp.csr_array) -> FloatArray:
        """Predict the feedback on all items, shape (B, I), from feedback of shape (B, I)."""
        if len(self.items) < self.n_items:
            feedback = sp.csr_array(feedback[:, self.items])
        known = _product(feedback, self.matrix)
        if len(self.items) == self.n_items:
            return known
        scores = np.zeros((feedback.shape[0], self.n_items))
        scores[:, self.items] = known
        return scores

    def weights(self, sources: Sequence[int], targets: Sequence[int]) -> FloatArray:
        """Return the contribution of one unit of feedback on each source to each target."""
        place = np.full(self.n_items, -1)
        place[self.items] = np.arange(len(self.items))
        i, j = place[list(sources)], place[list(targets)]
        found = self.matrix[np.ix_(i, j)]
        dense = found.toarray() if sp.issparse(found) else np.asarray(found)
        return np.where((i >= 0)[:, np.newaxis] & (j >= 0), dense, 0.0)


def _product(feedback: sp.csr_array, matrix: FloatArray | sp.csr_array) -> FloatArray:
    """Return ``feedback @ matrix`` as a dense array, by the faster method."""
    if sp.issparse(matrix):
        return np.asarray((feedback @ matrix).toarray())
    if feedback.nnz * _DENSE_ADVANTAGE > feedback.shape[0] * feedback.shape[1]:
        return np.asarray(feedback.toarray() @ matrix)
    return np.asarray(feedback @ matrix)


EaseModel = DualEase | PrimalEase


def fit_ease(
    rows: sp.csr_array,
    penalty: float,
    *,
    max_films: int = 16_000,
    max_dense: int = 6_000,
    neighbours: int = 300,
) -> EaseModel:
    """Fit EASE by the smaller of the two inverses.

    Parameters
    ----------
    rows : scipy.sparse.csr_array of shape (n, I)
        Feedback of users, and rows of content.
    penalty : float
        Above 0.
    max_films : int
        If there are more items, and more rows than items, only the items with the most feedback
        are modelled: the inversion of a 16,000 x 16,000 matrix takes 2 GB.
    max_dense : int
        With more items the weights are sparse: only the largest of each item are kept.
    neighbours : int
        Number of weights per item in a sparse matrix.

    Examples
    --------
    >>> rows = sp.csr_array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    >>> fit_ease(rows, penalty=1.0).weights([0, 2], [1]).round(2).tolist()
    [[0.6], [0.2]]
    """
    n, n_items = rows.shape
    if n < n_items and n <= max_films:
        return _fit_dual(rows, penalty)
    items = np.arange(n_items)
    if n_items > max_films:
        volume = np.asarray(rows.sum(axis=0))
        items = np.sort(np.lexsort((items, -volume))[:max_films])
        rows = sp.csr_array(rows[:, items])
    matrix: FloatArray | sp.csr_array = _fit_primal(rows, penalty)
    if len(items) > max_dense:
        matrix = _largest(matrix, neighbours)
    return PrimalEase(n_items, items, matrix)


def _fit_dual(rows: sp.csr_array, penalty: float) -> DualEase:
    gram = np.asarray((rows @ rows.T).toarray())
    gram.flat[:: len(gram) + 1] += penalty
    inverse = _inverse(gram)
    films = sp.csr_array(rows.T)
    film = np.repeat(np.arange(films.shape[0]), np.diff(films.indptr))
    # x_j' A x_j needs A X only at the entries of X.
    explained = np.zeros(films.shape[0])
    for start in range(0, films.shape[0], _ROWS_PER_BLOCK):
        block = films[start : start + _ROWS_PER_BLOCK]
        entries = slice(films.indptr[start], films.indptr[start + block.shape[0]])
        product = np.asarray(block @ inverse)
        own = product[film[entries] - start, films.indices[entries]] * films.data[entries]
        explained += np.bincount(film[entries], own, minlength=len(explained))
    return DualEase(rows, inverse, 1 - explained)


def _fit_primal(rows: sp.csr_array, penalty: float) -> FloatArray:
    gram = _gram(rows)
    gram.flat[:: len(gram) + 1] += penalty
    precision = _inverse(gram)
    weights = precision
    weights /= -precision.diagonal().copy()
    np.fill_diagonal(weights, 0.0)
    return weights


def _gram(rows: sp.csr_array) -> FloatArray:
    """Return the lower triangle of ``X'X`` in a dense matrix."""
    from scipy.linalg.blas import dsyrk

    n, n_items = rows.shape
    sparse_cost = float((np.diff(rows.indptr).astype(np.float64) ** 2).sum())
    gram = np.zeros((n_items, n_items), order="F")
    if sparse_cost * _DENSE_ADVANTAGE < n * n_items**2 / 2:
        blocks = range(0, n_items, _FILMS_PER_BLOCK)
        for some in (blocks[i : i + _BLOCKS] for i in range(0, len(blocks), _BLOCKS)):
            # Only the lower triangle is needed: skip items before the block.
            first = some[0]
            later = rows[:, first:] if first else rows

            def fill(start: int, first: int = first, later: sp.csr_array = later) -> None:
                stop = min(start + _FILMS_PER_BLOCK, n_items)
                films = sp.csr_array(rows[:, start:stop].T)
                gram[first:, start:stop] = (films @ later).toarray().T

            in_threads(fill, some)
        return gram
    for start in range(0, n, _ROWS_PER_BLOCK):
        block = rows[start : start + _ROWS_PER_BLOCK].toarray()
        gram = dsyrk(1.0, block.T, beta=1.0, c=gram, lower=1, overwrite_c=1)
    return gram


def _inverse(matrix: FloatArray) -> FloatArray:
    """Invert a positive definite matrix, given its lower triangle, in place."""
    from scipy.linalg.lapack import dpotrf, dpotri

    factor, _ = dpotrf(np.asfortranarray(matrix), lower=1, overwrite_a=1, clean=0)
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    for start in range(0, len(inverse), _ROWS_PER_BLOCK):
        stop = start + _ROWS_PER_BLOCK
        corner = inverse[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
    # The matrix is symmetric: its transpose is the same matrix in C order.
    return np.asarray(inverse.T)


def _largest(weights: FloatArray, per_target: int) -> sp.csr_array:
    """Keep the weights of each target with the largest absolute values."""
    per_target = min(per_target, len(weights))
    columns = []
    for start in range(0, len(weights), _ROWS_PER_BLOCK):
        block = weights[:, start : start + _ROWS_PER_BLOCK]
        size = np.abs(block)
        cut = np.partition(size, -per_target, axis=0)[-per_target]
        columns.append(sp.csr_array(np.where(size >= cut, block, 0.0)))
    return sp.csr_array(sp.hstack(columns))
