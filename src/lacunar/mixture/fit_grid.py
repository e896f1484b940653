"""Grid of fits over K and seed, with the criteria for the choice of K."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.parameters import CovarianceType
from lacunar.reprs import short_repr

Criterion = Literal["vote", "bic", "icl", "held-out"]

#: Arrays of a :class:`FitGrid`, all but its keys.
FIT_GRID_CELLS = (
    "lower_bound", "log_likelihood", "bic", "icl", "n_iter", "converged", "degenerate",
    "held_out", "agreement",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FitGrid:
    """Criteria of all fits, one row per K and one column per seed.

    Parameters
    ----------
    covariance_type : {"full", "diag"}
    n_components : tuple of int
        The K tried, ascending.
    seeds : tuple of int
    lower_bound, log_likelihood : ndarray of shape (n_K, n_seeds)
        Per row of the data; see :class:`~lacunar.mixture.restarts.Restarts`.
    bic : ndarray of shape (n_K, n_seeds)
        Schwarz (1978); lower is better.
    icl : ndarray of shape (n_K, n_seeds)
        BIC plus twice the entropy of the responsibilities (Biernacki, Celeux and Govaert 2000):
        it also penalises overlapping components.
    n_iter, converged : ndarray of shape (n_K, n_seeds)
    degenerate : ndarray of shape (n_K, n_seeds)
        Whether a covariance has collapsed onto the floor ``reg_covar``. Only the floor bounds the
        likelihood of such a fit, so it cannot be compared with others.
    held_out : ndarray of shape (n_K,)
        Mean log-likelihood of held-out rows, by cross-validation; NaN if not computed.
    agreement : ndarray of shape (n_K,)
        Median adjusted Rand index between the best restarts; NaN for fewer than two.
    """

    covariance_type: CovarianceType
    n_components: tuple[int, ...]
    seeds: tuple[int, ...]
    lower_bound: FloatArray
    log_likelihood: FloatArray
    bic: FloatArray
    icl: FloatArray
    n_iter: NDArray[np.intp]
    converged: NDArray[np.bool_]
    degenerate: NDArray[np.bool_]
    held_out: FloatArray
    agreement: FloatArray

    def __repr__(self) -> str:
        ks, n = self.n_components, len(self.seeds)
        return short_repr("FitGrid", [f"K = {ks[0]} to {ks[-1]}", f"{n} seed{'s' * (n != 1)} each"])

    def k_frequency(self) -> dict[int, int]:
        """Number of seeds with their lowest BIC at each K, most frequent first, then small K."""
        best = Counter(self.n_components[i] for i in self.bic.argmin(axis=0))
        return dict(sorted(best.items(), key=lambda entry: (-entry[1], entry[0])))

    def best_k(self, criterion: Criterion) -> int:
        """Best K by a criterion.

        ``vote`` takes the K of most seeds, including degenerate fits. The other criteria compare
        the best fit of each K that is not degenerate.

        Raises
        ------
        InputError
            If every fit is degenerate, or ``held-out`` was not computed.
        """
        if criterion == "vote":
            return next(iter(self.k_frequency()))
        if self.degenerate.all():
            raise InputError(
                "expected a fit that is not degenerate, got none: every fit has a covariance that "
                "collapsed onto its floor; set a prior (`prior_users`=3), keep the gaps "
                "(`gaps`=keep) or leave out constant columns"
            )
        if criterion == "held-out":
            if np.isnan(self.held_out).all():
                raise InputError("expected folds of at least 2 for the criterion held-out")
            scores = np.where(self.degenerate.all(axis=1), np.nan, self.held_out)
            return self.n_components[int(np.nanargmax(scores))]
        scores = np.where(self.degenerate, np.inf, self.bic if criterion == "bic" else self.icl)
        return self.n_components[int(scores.min(axis=1).argmin())]


_PREFERENCE = {
    "bic": "the lowest BIC",
    "icl": "the lowest ICL",
    "held-out": "the highest likelihood of left-out rows",
}


def explain_choice(
    fit_grid: FitGrid,
    criterion: Criterion,
    agreeing_seeds: tuple[int, ...],
    refit_agreement: FloatArray | None = None,
    *,
    sample: int | None = None,
) -> str:
    """Explain in a sentence the choice of K, and the reasons to doubt it."""
    k, n = fit_grid.best_k(criterion), len(fit_grid.seeds)
    row = fit_grid.n_components.index(k)
    same = _seeds(len(agreeing_seeds))
    if criterion == "vote":
        votes = fit_grid.k_frequency()[k]
        reason = f"K = {k} has the lowest BIC for {votes} of {n} seeds, more than any other K; "
        reason += f"{same} found this very partition, more than any other"
    else:
        reason = f"K = {k} has {_PREFERENCE[criterion]} of K = {fit_grid.n_components[0]} to "
        reason += f"{fit_grid.n_components[-1]}, each fitted from {_seeds(n)}; {same} found this "
        reason += "very partition"
    # The most frequent partition may differ from that of the best restarts.
    if criterion != "vote" and not np.isnan(fit_grid.agreement[row]):
        reason += ", and the best restarts agree with each other at an adjusted Rand index of "
        reason += f"{fit_grid.agreement[row]:.2f}"
    if refit_agreement is not None and refit_agreement.size:
        reason += "; refitted without a tenth of the users, segments come back at "
        reason += f"{refit_agreement.mean():.2f}"
    if sample is not None:
        reason += f"; all of this is of a sample of {sample} users, from whose best fits the "
        reason += "mixture was then fitted to all users"
    flagged = int(fit_grid.degenerate[row].sum())
    if flagged and criterion == "vote":
        reason += (
            f". But {flagged} of the {n} fits at this K are degenerate: their likelihood is "
            "bounded only by the floor of the variances, as where filled gaps are combinations of "
            "other cells, so this K may be an artefact"
        )
    elif flagged:
        reason += f". {flagged} of the {n} fits at this K are degenerate and could not win"
    return reason


def _seeds(n: int) -> str:
    return f"{n} seed" if n == 1 else f"{n} seeds"
