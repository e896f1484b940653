"""Settings of a fit, and the fits with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lacunar.aliases import FloatArray, StepProgress
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import e_step, m_step
from lacunar.mixture.em_loop import run_em
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.restarts import Restarts, evaluated, fit_restarts


@dataclass(frozen=True, slots=True)
class EmOptions:
    """Settings of each fit; ``tol``, ``max_iter`` and ``reg_covar`` as in scikit-learn.

    Parameters
    ----------
    prior_users : float, optional
        Weight, in rows, of a :class:`~lacunar.mixture.prior.CovariancePrior`, which is then used
        instead of ``reg_covar``.
    pooled : bool
        Whether full covariances are shared by components, or diagonal ones by features.
    """

    covariance_type: CovarianceType = "full"
    tol: float = 1e-3
    max_iter: int = 100
    reg_covar: float = 1e-6
    prior_users: float | None = None
    pooled: bool = False

    @property
    def floor(self) -> float:
        """Lower limit of the variances; 0 with a prior, which needs no limit."""
        return self.reg_covar if self.prior_users is None else 0.0

    def fit(
        self,
        data: MixtureData,
        n_components: int,
        seeds: Sequence[int],
        *,
        progress: StepProgress | None = None,
    ) -> Restarts:
        """Fit mixtures of one K from every seed."""
        return fit_restarts(
            data.observations(self.covariance_type, len(seeds) * n_components),
            data.starts(n_components, seeds),
            n_components,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior=self.prior(data, n_components),
            pooled=self.pooled,
            progress=progress,
        )

    def fit_from(
        self,
        data: MixtureData,
        start: MixtureParameters,
        *,
        earlier_bound: FloatArray | None = None,
        progress: StepProgress | None = None,
    ) -> Restarts:
        """Fit mixtures from given ones, means in the units of the data."""
        observations = data.observations(self.covariance_type, start.weights.size)
        result = run_em(
            partial(e_step, observations),
            observations.n_rows,
            start.moved_by(-observations.origin),
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior=self.prior(data, start.n_components),
            earlier_bound=earlier_bound,
            progress=progress,
        )
        return evaluated(observations, result)

    def start(
        self, data: MixtureData, n_components: int, seeds: Sequence[int]
    ) -> MixtureParameters:
        """Mixtures from which :meth:`fit` starts, means in the units of the data."""
        observations = data.observations(self.covariance_type)
        sums = observations.start(data.starts(n_components, seeds), n_components)
        prior = self.prior(data, n_components)
        start = m_step(sums, self.reg_covar, prior, pooled=self.pooled)
        return start.moved_by(observations.origin)

    def prior(self, data: MixtureData, n_components: int) -> CovariancePrior | None:
        """The prior of a fit, if there is one."""
        if self.prior_users is None:
            return None
        return CovariancePrior.from_data(
            data.values, n_components, self.covariance_type, weight=self.prior_users
        )
