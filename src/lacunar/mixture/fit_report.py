"""Lines about the progress of a fit, for the parameter ``verbose`` of estimators."""

from __future__ import annotations

import time

from lacunar.mixture.restarts import Restarts


class FitReport:
    """Printed lines like those of scikit-learn; it is called as a progress callback.

    Parameters
    ----------
    verbose : int
        Above 1, lines also have times and lower bounds.
    interval : int
        Number of iterations between two lines.

    Examples
    --------
    >>> FitReport(1, 10)(20, 100)
      Iteration 20
    """

    def __init__(self, verbose: int, interval: int) -> None:
        self._times, self._interval = verbose > 1, interval
        self._since = time.perf_counter()

    def __call__(self, done: int, total: int) -> None:
        del total
        if done % self._interval == 0:
            self._print(f"  Iteration {done}")

    def end(self, fit: Restarts) -> None:
        """Print how every restart ended."""
        for restart, converged in enumerate(fit.converged):
            what = "converged" if converged else "did not converge"
            self._print(
                f"Initialization {restart} {what}.", f"lower bound {fit.lower_bound[restart]:.5f}"
            )

    def _print(self, text: str, more: str | None = None) -> None:
        if self._times:
            more = more or f"time {time.perf_counter() - self._since:.5f} s"
            text += f"\t {more}"
        print(text)
