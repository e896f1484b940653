"""E step and M step of EM on sufficient statistics.

Notation: B restarts, K components, N rows, D features. The E step reduces rows of every kind
(complete, with gaps, with noise) to the same three sums per component, so one M step serves all.
Source: Dempster, Laird and Rubin (1977); Bishop (2006), section 9.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import unpack_symmetric, upper_pairs
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.statistics import SufficientStatistics

LOG_2PI = float(np.log(2 * np.pi))
# scikit-learn adds this to every component's mass, which keeps an emptied component finite.
_EMPTY_MASS = 10 * np.finfo(np.float64).eps
# Responsibilities are at least e^-600, which changes no sum. Smaller ones would be subnormal
# numbers, and these slow matrix products down several times.
_LOG_NEGLIGIBLE = -600.0
# Squares of this size relative to a variance may hide it: about 450 units of rounding.
_ROUNDING = 1e-13
# With gaps, a density is wrong by about 1e-16 of this: by 0.001.
_LARGEST_SQUARE = 1e13

Rows = slice | NDArray[np.intp]


class Block(Protocol):
    """Joint densities and statistics of some rows under a batch of mixtures."""

    @property
    def rows(self) -> Rows:
        """Positions of these rows in the data."""
        ...

    @property
    def joint(self) -> FloatArray:
        """``log w_k + log p(x_n | k)``, shape (B, K, rows); the next block overwrites it."""
        ...

    def statistics(self, responsibilities: FloatArray) -> SufficientStatistics:
        """Expected sums of the rows under responsibilities of shape (B, K, rows).

        Call it before taking the next block, which may use the same memory.
        """
        ...


class Observations(Protocol):
    """Rows of one kind, with their densities and sufficient statistics.

    Means passed in and sums returned are relative to ``origin``. This avoids cancellation in
    ``E[xx'] - mm'`` when the data are far from zero.
    """

    @property
    def n_rows(self) -> int: ...

    @property
    def origin(self) -> FloatArray: ...

    @property
    def covariance_type(self) -> CovarianceType: ...

    def start(self, labels: NDArray[np.int32], n_components: int) -> SufficientStatistics:
        """Sums under hard labels of shape (B, N), for the first M step."""
        ...

    def blocks(self, parameters: MixtureParameters) -> Iterator[Block]:
        """Yield every row once, in blocks small enough for all mixtures of the batch."""
        ...


def normalise(joint: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Turn log joint densities into responsibilities, in place.

    Parameters
    ----------
    joint : ndarray of shape (B, K, N)
        ``log w_k + log p(x_n | k)``; overwritten with the responsibilities.

    Returns
    -------
    responsibilities : ndarray of shape (B, K, N)
        The same memory as ``joint``.
    log_likelihood : ndarray of shape (B, N)
        ``log p(x_n)``, by the log-sum-exp over components.

    Examples
    --------
    >>> r, log_p = normalise(np.log([[[0.1], [0.3]]]))
    >>> r.round(2).tolist(), np.exp(log_p).round(2).tolist()
    ([[[0.25], [0.75]]], [[0.4]])
    """
    peak = joint.max(axis=1)
    joint -= peak[:, np.newaxis]
    np.maximum(joint, _LOG_NEGLIGIBLE, out=joint)
    np.exp(joint, out=joint)
    total = joint.sum(axis=1)
    joint *= (1 / total)[:, np.newaxis]
    return joint, peak + np.log(total)


def e_step(
    data: Observations, parameters: MixtureParameters
) -> tuple[FloatArray, SufficientStatistics]:
    """Mean log-likelihood of each restart, and the statistics its M step needs.

    Returns
    -------
    lower_bound : ndarray of shape (B,)
        Mean over rows of ``log p(x_n)`` under ``parameters``.
    statistics : SufficientStatistics
    """
    total = np.zeros(parameters.n_restarts)
    parts: list[SufficientStatistics] = []
    for block in data.blocks(parameters):
        responsibilities, log_likelihood = normalise(block.joint)
        total += log_likelihood.sum(axis=1)
        parts.append(block.statistics(responsibilities))
    return total / data.n_rows, reduce(add, parts)


def m_step(
    statistics: SufficientStatistics,
    reg_covar: float,
    prior: CovariancePrior | None = None,
    *,
    pooled: bool = False,
) -> MixtureParameters:
    """Parameters that maximise the expected log-likelihood, plus the log prior if there is one.

    Parameters
    ----------
    statistics : SufficientStatistics
    reg_covar : float
        Added to every variance, as in scikit-learn; unused with a prior, which bounds variances.
    prior : CovariancePrior, optional
    pooled : bool
        Whether full covariances are shared by components, or diagonal ones by features.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a variance of a diagonal covariance is not positive, and ``reg_covar`` is 0.
    """
    mass = statistics.mass + _EMPTY_MASS
    means = statistics.first / mass[..., np.newaxis]
    d = means.shape[-1]
    if statistics.covariance_type == "diag":
        i = j = np.arange(d)
    else:
        i, j = upper_pairs(d)
    outer = means[..., i] * means[..., j]
    if pooled and statistics.covariance_type == "full":
        covariances = _tied(statistics.second - mass[..., np.newaxis] * outer, mass, prior)
        if prior is None:
            covariances[..., i == j] += reg_covar
    elif prior is None:
        covariances = statistics.second * (1 / mass[..., np.newaxis]) - outer
        covariances[..., i == j] += reg_covar
    else:
        scatter = statistics.second - mass[..., np.newaxis] * outer
        covariances = prior.posterior_mode(scatter, mass)
    if statistics.covariance_type == "full":
        covariances = unpack_symmetric(covariances, d)
        spread = float(np.abs(statistics.second / mass[..., np.newaxis]).max())
        if prior is None and 0 < reg_covar < _ROUNDING * spread:
            covariances = _lifted(covariances, reg_covar)
    else:
        if pooled:
            covariances = np.repeat(covariances.mean(axis=2, keepdims=True), d, axis=2)
        covariances = _positive(covariances, 0.0 if prior is not None else reg_covar)
    if statistics.centre is not None:
        means = means + statistics.centre
    weights = mass / mass.sum(axis=1, keepdims=True)
    return MixtureParameters(weights, means, covariances, pooled)


def check_digits(squares: FloatArray) -> None:
    """Refuse components of which ``mean' P mean`` is so large that densities have no digits left.

    Raises
    ------
    numpy.linalg.LinAlgError
    """
    if squares.max() > _LARGEST_SQUARE:
        raise np.linalg.LinAlgError("rows far apart have a variance that is too small")


def _positive(variances: FloatArray, floor: float) -> FloatArray:
    """Variances, ``floor`` where rounding took them to 0 or below."""
    positive = variances > 0
    if positive.all():
        return variances
    if not floor > 0:
        raise np.linalg.LinAlgError("a variance is not positive")
    return np.where(positive, variances, floor)


def _lifted(covariances: FloatArray, floor: float) -> FloatArray:
    """Covariances whose eigenvalues are at least ``floor``, where rounding took them to 0.

    ``E[xx'] - mm'`` of rows far from the origin that are nearly equal has few correct digits.
    """
    try:
        np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariances)
        low = values[..., 0] < floor
        raised = (vectors * np.maximum(values, floor)[..., np.newaxis, :]) @ np.swapaxes(
            vectors, -1, -2
        )
        return np.where(low[..., np.newaxis, np.newaxis], raised, covariances)
    return covariances


def _tied(scatter: FloatArray, mass: FloatArray, prior: CovariancePrior | None) -> FloatArray:
    """Packed covariance of all components together, repeated for each, shape (B, K, P)."""
    scatter, total = scatter.sum(axis=1, keepdims=True), mass.sum(axis=1, keepdims=True)
    if prior is None:
        covariance = scatter / total[..., np.newaxis]
    else:
        covariance = prior.posterior_mode(scatter, total)
    return np.repeat(covariance, mass.shape[1], axis=1)


def posterior(data: Observations, parameters: MixtureParameters) -> tuple[FloatArray, FloatArray]:
    """Responsibilities (B, K, N) and log-likelihoods (B, N) of all rows.

    ``parameters.means`` are in the units of the data, as fits return them.
    """
    b, k = parameters.weights.shape
    responsibilities = np.empty((b, k, data.n_rows))
    log_likelihood = np.empty((b, data.n_rows))
    for block in data.blocks(parameters.moved_by(-data.origin)):
        responsibilities[..., block.rows], log_likelihood[..., block.rows] = normalise(block.joint)
    return responsibilities, log_likelihood
