"""Unknown cells of rows, given the known ones, under a mixture.

With known cells o, gaps m, and T the covariance of the known cells with their noise:

    E[x_m | x_o, k]   = mu_m + S_mo T^-1 (x_o - mu_o)
    Cov[x_m | x_o, k] = S_mm - S_mo T^-1 S_om

Rows with the same gaps (and noise) share these matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.linalg import whiten
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.statistics import one_hot

# Patterns are factored in blocks of about this many numbers (8 MB).
_BLOCK_NUMBERS = 1 << 20
# Rows are filled in blocks of about this many cells of all components (32 MB).
_BLOCK_CELLS = 1 << 22


def fill_gaps(
    data: MixtureData, parameters: MixtureParameters, rng: np.random.RandomState | None = None
) -> FloatArray:
    """Copy of the rows with values in their gaps; known cells stay as they are.

    Parameters
    ----------
    data : MixtureData
    parameters : MixtureParameters
        A batch of one.
    rng : RandomState, optional
        Draws values from their distribution; without it, gaps get their expected values.

    Examples
    --------
    >>> one = MixtureParameters(
    ...     np.ones((1, 1)), np.array([[[1.0, 2.0]]]), np.array([[[[2.0, 1.0], [1.0, 2.0]]]])
    ... )
    >>> fill_gaps(MixtureData(np.array([[3.0, np.nan], [np.nan, np.nan]])), one).tolist()
    [[3.0, 3.0], [1.0, 2.0]]
    """
    filled = data.values.copy()
    rows = np.flatnonzero(np.isnan(filled).any(axis=1))
    step = max(1, _BLOCK_CELLS // parameters.means.size)
    for first in range(0, len(rows), step):
        part = rows[first : first + step]
        filled[part] = _fill_rows(data.take(part), parameters, rng)
    return filled


def _fill_rows(
    data: MixtureData, parameters: MixtureParameters, rng: np.random.RandomState | None
) -> FloatArray:
    form = parameters.covariance_type
    weights = posterior(data.observations(form), parameters)[0][0]  # (K, n)
    if rng is not None:
        # The component is drawn first; the last one where rounding leaves the sum below 1.
        reached = weights.cumsum(axis=0) > rng.random_sample(weights.shape[1])
        reached[-1] = True
        weights = one_hot(reached.argmax(axis=0), len(weights))
    means, covariances = parameters.means[0], parameters.covariances[0]
    if form == "diag":
        values = weights.T @ means
        if rng is not None:
            values += np.sqrt(weights.T @ covariances) * rng.standard_normal(values.shape)
        return np.where(np.isnan(data.values), values, data.values)
    filled = data.values.copy()
    for alike in _groups(data, covariances):
        gaps, known, rows = ~alike.known, alike.known, alike.rows
        z = filled[np.ix_(rows, known)] - means[:, np.newaxis, known]
        expected = means[:, np.newaxis, gaps] + z @ np.swapaxes(alike.regression, -1, -2)
        values = np.einsum("kn,knq->nq", weights[:, rows], expected)
        if rng is not None:
            spread = alike.roots(covariances) @ rng.standard_normal((len(rows), gaps.sum(), 1)).T
            values += np.einsum("kn,kqn->nq", weights[:, rows], spread)
        filled[np.ix_(rows, gaps)] = values
    return filled


@dataclass(frozen=True, slots=True)
class _Alike:
    """Rows with the same gaps, and the same noise if there is any.

    Parameters
    ----------
    rows : ndarray of shape (n,)
    known : ndarray of shape (D,)
    regression : ndarray of shape (K, gaps, known cells)
        ``S_mo T^-1``.
    """

    rows: NDArray[np.intp]
    known: NDArray[np.bool_]
    regression: FloatArray

    def roots(self, covariances: FloatArray) -> FloatArray:
        """Square roots of the conditional covariances of the gaps, shape (K, gaps, gaps)."""
        gaps = ~self.known
        known_by_gap = covariances[:, self.known][:, :, gaps]
        conditional = covariances[:, gaps][:, :, gaps] - self.regression @ known_by_gap
        values, vectors = np.linalg.eigh(conditional)
        # Rounding may leave eigenvalues slightly below 0.
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0))[:, np.newaxis])


def _groups(data: MixtureData, covariances: FloatArray) -> Iterator[_Alike]:
    known = ~np.isnan(data.values)
    noise = np.zeros(known.shape) if data.noise is None else np.where(known, data.noise, 0.0)
    kinds, first, kind = np.unique(
        known if data.noise is None else np.concatenate([known, noise], axis=1),
        axis=0,
        return_index=True,
        return_inverse=True,
    )
    order = np.argsort(kind.ravel(), kind="stable")
    members = np.split(order, np.cumsum(np.bincount(kind.ravel()))[:-1])
    step = max(1, _BLOCK_NUMBERS // covariances.size)
    for start in range(0, len(kinds), step):
        block = first[start : start + step]
        precisions = _precisions(covariances, known[block], noise[block])
        for i, row in enumerate(block):
            here = known[row]
            cross = covariances[:, ~here][:, :, here]
            regression = cross @ precisions[i][:, here][:, :, here]
            yield _Alike(members[start + i], here, regression)


def _precisions(covariances: FloatArray, known: NDArray[np.bool_], noise: FloatArray) -> FloatArray:
    """Inverses of T for each kind of row and component, shape (kinds, K, D, D); 0 at gaps."""
    both = (known[:, :, np.newaxis] & known[:, np.newaxis])[:, np.newaxis]
    # A gap has variance 1 and no covariances, so that it does not affect the known cells.
    diagonal = (noise + ~known)[:, np.newaxis, :, np.newaxis] * np.eye(known.shape[1])
    whitening, _ = whiten(covariances * both + diagonal)
    return np.asarray((np.swapaxes(whitening, -1, -2) @ whitening) * both)
