"""From mixtures fitted to a sample of the rows to the best one for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lacunar.taste.mixture.climb import Climb, climb
from lacunar.taste.mixture.expectation import Expectation
from lacunar.taste.mixture.parameters import MixtureParameters
from lacunar.taste.mixture.prior import CovariancePrior


def refine(
    expectation: Expectation,
    parameters: MixtureParameters,
    prior: CovariancePrior | None = None,
    *,
    tol: float = 1e-3,
    max_iter: int = 100,
    reg_covar: float = 1e-6,
    progress: Callable[[int, int], None] | None = None,
) -> Climb:
    """Go on with EM over all rows from mixtures that were fitted to some of them.

    Parameters
    ----------
    expectation : Expectation
    parameters : MixtureParameters
        Of B mixtures of the same K, means in the units of the data.
    prior : CovariancePrior, optional
        Takes the place of ``reg_covar``; with the variances of all rows.
    tol, max_iter, reg_covar
        As in ``sklearn.mixture.GaussianMixture``.
    progress : callable, optional
        Called with (iterations done, iterations expected in all) after each.

    Examples
    --------
    >>> import numpy as np
    >>> from lacunar.taste.mixture.data import MixtureData
    >>> from lacunar.taste.mixture.expectation import LocalExpectation
    >>> x = np.concatenate([np.linspace(-1, 1, 9), np.linspace(8, 10, 3)])[:, np.newaxis]
    >>> rough = MixtureParameters(
    ...     np.full((1, 2), 0.5), np.array([[[1.0], [7.0]]]), np.ones((1, 2, 1))
    ... )
    >>> found = refine(LocalExpectation(MixtureData(x), "diag"), rough)
    >>> best = found.best()
    >>> best.weights.round(2).tolist(), best.means[0, :, 0].round(2).tolist()
    ([[0.75, 0.25]], [0.0, 9.0])
    """
    ended = climb(
        expectation.statistics,
        expectation.n_rows,
        parameters.moved_by(-expectation.origin),
        tol=tol,
        max_iter=max_iter,
        reg_covar=reg_covar,
        prior=prior,
        progress=progress,
    )
    return replace(ended, parameters=ended.parameters.moved_by(expectation.origin))
