"""EM from given parameters: restarts advance together, and those that converge leave the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import m_step
from lacunar.mixture.parameters import MixtureParameters, smallest_variance
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.statistics import SufficientStatistics

Statistics = Callable[[MixtureParameters], tuple[FloatArray, SufficientStatistics]]


@dataclass(frozen=True, slots=True)
class EmResult:
    """Where EM ended.

    Parameters
    ----------
    parameters : MixtureParameters
        Means relative to the origin of those it began with.
    lower_bound : ndarray of shape (B,)
        At the last E step: mean log-likelihood, plus the log prior per row where there is one.
    n_iter : ndarray of shape (B,)
    converged : ndarray of shape (B,)
    """

    parameters: MixtureParameters
    lower_bound: FloatArray
    n_iter: NDArray[np.intp]
    converged: NDArray[np.bool_]

    def best(self, floor: float = 0.0) -> MixtureParameters:
        """The mixture of the highest lower bound, as a batch of one; of equal ones the first.

        One with a variance within ten times ``floor`` has collapsed, and wins only if all have.
        """
        sound = smallest_variance(self.parameters) > 10 * floor
        bound = np.where(sound | ~sound.any(), self.lower_bound, -np.inf)
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
    progress: Callable[[int, int], None] | None = None,
) -> EmResult:
    """Repeat E and M steps until the lower bound of each restart changes by less than ``tol``.

    Parameters
    ----------
    expect : callable
        The E step: from parameters, means relative to an origin, to the mean log-likelihood
        (B,) and sums over all rows.
    n_rows : int
    start : MixtureParameters
        Of B restarts.
    tol, max_iter, reg_covar
        As in ``sklearn.mixture.GaussianMixture``.
    prior : CovariancePrior, optional
        Takes the place of ``reg_covar``.
    progress : callable, optional
        Called with (iterations done, iterations expected in all) after each.
    """
    current, final = start, start.copy()
    b = start.n_restarts
    lower_bound = np.full(b, -np.inf)
    n_iter = np.zeros(b, dtype=np.intp)
    converged = np.zeros(b, dtype=bool)
    running = np.arange(b)
    changes: list[float] = []
    for iteration in range(1, max_iter + 1):
        bound, statistics = expect(current)
        if prior is not None:
            bound += prior.log_density(current) / n_rows
        current = m_step(statistics, reg_covar, prior)
        change = np.abs(bound - lower_bound[running])
        done = change < tol
        lower_bound[running] = bound
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
    return EmResult(final, lower_bound, n_iter, converged)


def steps_expected(changes: Sequence[float], tol: float, max_iter: int) -> int:
    """How many steps EM takes in all, if its bound goes on settling as it did of late.

    Parameters
    ----------
    changes : sequence of float
        How far the bound moved in each step so far, of the restart that moved most.
    tol : float
        Below which a change is the last.
    max_iter : int

    Returns
    -------
    int
        At least the steps so far, at most ``max_iter``, which it also is while nothing can be told.

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
    # The second half of the steps: the first ones shrink faster than those to come.
    span = steps // 2
    before = changes[steps - 1 - span]
    if not (tol > 0 and 0 < now < before < np.inf):
        return max_iter
    shrinking = np.log(before / now) / span
    # The change after so many more steps is the first below the tolerance.
    left = np.log(now / tol) / shrinking
    return min(steps + int(left) + 1, max_iter)
