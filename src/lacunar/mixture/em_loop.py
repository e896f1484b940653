"""EM iterations of a batch of restarts, from given parameters.

All restarts advance together; those that converge leave the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, StepProgress
from lacunar.mixture.em import m_step
from lacunar.mixture.parameters import MixtureParameters, smallest_variance
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.statistics import SufficientStatistics

Statistics = Callable[[MixtureParameters], tuple[FloatArray, SufficientStatistics]]


@dataclass(frozen=True, slots=True)
class EmResult:
    """Final parameters of a batch of restarts.

    Parameters
    ----------
    parameters : MixtureParameters
        Means relative to the same origin as those of the start.
    lower_bound : ndarray of shape (B,)
        At the last E step: the mean log-likelihood (scikit-learn's ``lower_bound_``), plus the log
        prior per row if there is one.
    n_iter : ndarray of shape (B,)
    converged : ndarray of shape (B,)
    history : ndarray of shape (B, iterations)
        Lower bound at each E step; NaN after the last one of a restart.
    """

    parameters: MixtureParameters
    lower_bound: FloatArray
    n_iter: NDArray[np.intp]
    converged: NDArray[np.bool_]
    history: FloatArray

    def best(self, floor: float = 0.0) -> MixtureParameters:
        """The mixture with the highest lower bound, as a batch of one; on a tie the first.

        A mixture is degenerate if a variance is within ten times ``floor``. It is chosen only if
        all are degenerate.
        """
        usable = smallest_variance(self.parameters) > 10 * floor
        bound = np.where(usable | ~usable.any(), self.lower_bound, -np.inf)
        return self.parameters.take(np.array([int(bound.argmax())]))


def run_em(
    expect: Statistics,
    n_rows: int,
    start: MixtureParameters,
    *,
    tol: float,
    max_iter: int,
    reg_covar: float,
    prior: CovariancePrior | None = None,
    progress: StepProgress | None = None,
    earlier_bound: FloatArray | None = None,
) -> EmResult:
    """Repeat E and M steps until the lower bound of each restart changes by less than ``tol``.

    Parameters
    ----------
    expect : callable
        The E step: takes parameters with means relative to an origin, returns the mean
        log-likelihood (B,) and sums over all rows.
    n_rows : int
    start : MixtureParameters
        Of B restarts.
    tol, max_iter, reg_covar
        As in ``sklearn.mixture.GaussianMixture``.
    prior : CovariancePrior, optional
        Used instead of ``reg_covar``.
    progress : callable, optional
        Called with (iterations done, expected total) after each iteration.
    earlier_bound : ndarray of shape (B,), optional
        Lower bound before the first iteration, if this continues an earlier fit.
    """
    current, final = start, start.copy()
    b = start.n_restarts
    lower_bound = np.full(b, -np.inf) if earlier_bound is None else earlier_bound.copy()
    history: list[FloatArray] = []
    n_iter = np.zeros(b, dtype=np.intp)
    converged = np.zeros(b, dtype=bool)
    running = np.arange(b)
    changes: list[float] = []
    for iteration in range(1, max_iter + 1):
        bound, statistics = expect(current)
        if prior is not None:
            bound += prior.log_density(current) / n_rows
        current = m_step(statistics, reg_covar, prior, pooled=start.pooled)
        change = np.abs(bound - lower_bound[running])
        done = change < tol
        lower_bound[running] = bound
        history.append(np.full(b, np.nan))
        history[-1][running] = bound
        n_iter[running] = iteration
        converged[running] = done
        if progress is not None:
            changes.append(float(change.max()))
            progress(iteration, steps_expected(changes, tol, max_iter))
        if iteration == max_iter:
            done[:] = True
        if done.any():
            final.put(running[done], current.take(done))
            running, current = running[~done], current.take(~done)
        if running.size == 0:
            break
    return EmResult(final, lower_bound, n_iter, converged, np.stack(history, axis=1))


def steps_expected(changes: Sequence[float], tol: float, max_iter: int) -> int:
    """Expected total number of EM iterations, if recent changes of the lower bound are typical.

    Parameters
    ----------
    changes : sequence of float
        Change of the lower bound in each iteration so far, of the restart that changed most.
    tol : float
        EM stops after a change below it.
    max_iter : int

    Returns
    -------
    int
        At least the iterations so far and at most ``max_iter``; ``max_iter`` if the changes do not
        shrink.

    Examples
    --------
    >>> steps_expected([8.0, 4.0, 2.0, 1.0], tol=0.2, max_iter=100)
    7
    >>> steps_expected([np.inf], tol=0.2, max_iter=100)
    100
    """
    steps, now = len(changes), changes[-1]
    if now < tol:
        return steps
    # Only the second half of the iterations: early changes shrink faster than later ones.
    span = steps // 2
    before = changes[steps - 1 - span]
    if not (tol > 0 and 0 < now < before < np.inf):
        return max_iter
    shrinking = np.log(before / now) / span
    # After so many more iterations the change reaches the tolerance.
    left = np.log(now / tol) / shrinking
    return min(steps + int(left) + 1, max_iter)
