"""EM over data that is too large for one pass: rows in chunks, or on other machines.

:func:`refine` runs EM through an :class:`Expectation`, which returns only sums over all rows.
:class:`LocalExpectation` computes them chunk by chunk, in threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, StepProgress
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import e_step, posterior
from lacunar.mixture.em_loop import EmResult, run_em
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.statistics import SufficientStatistics, column_moments
from lacunar.parallel import in_threads, one_blas_thread

Result = TypeVar("Result")

# Fixed, so that sums have the same order on every machine.
_ROWS_PER_CHUNK = 1 << 13


class Expectation(Protocol):
    """E step over rows that may be stored anywhere; it returns sums over all of them.

    Means passed in and sums returned are relative to ``origin``, as in
    :class:`~lacunar.mixture.em.Observations`.
    """

    @property
    def n_rows(self) -> int: ...

    @property
    def origin(self) -> FloatArray:
        """Shape (D,), the same for all rows."""
        ...

    @property
    def variances(self) -> FloatArray:
        """Variance of the known cells of each column, shape (D,), from which a prior is made."""
        ...

    def statistics(self, parameters: MixtureParameters) -> tuple[FloatArray, SufficientStatistics]:
        """Mean log-likelihood of each mixture (B,), without a prior, and sums over all rows."""
        ...


class LocalExpectation:
    """Rows in memory, processed chunk by chunk in threads of one BLAS thread each.

    Sums are added in the order of the chunks, so the result does not depend on the number of
    threads.

    Parameters
    ----------
    data : MixtureData
        N rows.
    covariance_type : {"full", "diag"}
    n_threads : int, optional
        Defaults to the number of cores.
    rows_per_chunk : int

    Examples
    --------
    >>> rows = LocalExpectation(MixtureData(np.array([[0.0], [2.0]])), "diag", rows_per_chunk=1)
    >>> standard = MixtureParameters(np.ones((1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
    >>> bound, sums = rows.statistics(standard)
    >>> bound.round(3).tolist(), sums.mass.tolist(), sums.second.tolist()
    ([-1.419], [[2.0]], [[[2.0]]])
    """

    def __init__(
        self,
        data: MixtureData,
        covariance_type: CovarianceType,
        *,
        n_threads: int | None = None,
        rows_per_chunk: int = _ROWS_PER_CHUNK,
    ) -> None:
        self._data = data
        self._covariance_type: CovarianceType = covariance_type
        self._n_threads = n_threads
        n = len(data.values)
        self._chunks = [slice(i, min(i + rows_per_chunk, n)) for i in range(0, n, rows_per_chunk)]
        self.origin, self.variances = column_moments(data.values)

    @property
    def n_rows(self) -> int:
        return len(self._data.values)

    def statistics(self, parameters: MixtureParameters) -> tuple[FloatArray, SufficientStatistics]:
        densities = parameters.n_restarts * parameters.n_components

        def of_chunk(rows: slice) -> tuple[FloatArray, SufficientStatistics]:
            # Made anew at every step: the arrays prepared for all chunks would not fit in memory.
            chunk = self._data.slice(rows)
            observations = chunk.observations(self._covariance_type, densities, origin=self.origin)
            bound, sums = e_step(observations, parameters)
            return bound * len(chunk.values), sums

        bounds, sums = zip(*self._map_chunks(of_chunk), strict=True)
        return reduce(add, bounds) / self.n_rows, reduce(add, sums)

    def labels(self, parameters: MixtureParameters) -> NDArray[np.intp]:
        """Most probable component of each row, shape (B, N); means in the units of the data."""
        labels = np.empty((parameters.n_restarts, self.n_rows), dtype=np.intp)
        densities = parameters.n_restarts * parameters.n_components

        def of_chunk(rows: slice) -> None:
            observations = self._data.slice(rows).observations(self._covariance_type, densities)
            labels[:, rows] = posterior(observations, parameters)[0].argmax(axis=1)

        self._map_chunks(of_chunk)
        return labels

    def responsibilities(self, parameters: MixtureParameters) -> FloatArray:
        """Probability of each component for each row under one mixture, shape (N, K)."""
        responsibilities = np.empty((self.n_rows, parameters.n_components))

        def of_chunk(rows: slice) -> None:
            observations = self._data.slice(rows).observations(self._covariance_type)
            responsibilities[rows] = posterior(observations, parameters)[0][0].T

        self._map_chunks(of_chunk)
        return responsibilities

    def _map_chunks(self, work: Callable[[slice], Result]) -> list[Result]:
        with one_blas_thread():
            return in_threads(work, self._chunks, n_threads=self._n_threads)


def refine(
    expectation: Expectation,
    parameters: MixtureParameters,
    prior: CovariancePrior | None = None,
    *,
    tol: float = 1e-3,
    max_iter: int = 100,
    reg_covar: float = 1e-6,
    progress: StepProgress | None = None,
) -> EmResult:
    """Continue EM over all rows from mixtures that were fitted to a sample of them.

    Parameters
    ----------
    expectation : Expectation
    parameters : MixtureParameters
        B mixtures of the same K, means in the units of the data.
    prior : CovariancePrior, optional
        Used instead of ``reg_covar``; made from the variances of all rows.
    tol, max_iter, reg_covar
        As in ``sklearn.mixture.GaussianMixture``.
    progress : callable, optional
        Called with (iterations done, expected total) after each iteration.

    Returns
    -------
    EmResult
        Means in the units of the data.

    Examples
    --------
    >>> x = np.concatenate([np.linspace(-1, 1, 9), np.linspace(8, 10, 3)])[:, np.newaxis]
    >>> rough = MixtureParameters(
    ...     np.full((1, 2), 0.5), np.array([[[1.0], [7.0]]]), np.ones((1, 2, 1))
    ... )
    >>> best = refine(LocalExpectation(MixtureData(x), "diag"), rough).best()
    >>> best.weights.round(2).tolist(), best.means[0, :, 0].round(2).tolist()
    ([[0.75, 0.25]], [0.0, 9.0])
    """
    result = run_em(
        expectation.statistics,
        expectation.n_rows,
        parameters.moved_by(-expectation.origin),
        tol=tol,
        max_iter=max_iter,
        reg_covar=reg_covar,
        prior=prior,
        progress=progress,
    )
    return replace(result, parameters=result.parameters.moved_by(expectation.origin))
