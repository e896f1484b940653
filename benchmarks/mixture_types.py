"""Time of ``GaussianMixture`` for the four covariance types, beside scikit-learn.

Run: ``python benchmarks/mixture_types.py``. 20,000 generated rows of 8 columns, ten components,
``n_init=5``, one BLAS thread. Both libraries run alternately, each run in its own process. The
starts differ (consecutive seeds, and one stream of random numbers), so the bounds of the best
restarts are compared, and those of one restart from the same start.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from measure import describe_machine, in_turn, middle

N_ROWS, N_COLUMNS, K = 20_000, 8, 10
TYPES = ["full", "tied", "diag", "spherical"]
MODULES = {"scikit-learn": "sklearn.mixture", "Lacunar": "lacunar.mixture"}


def rows() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rows of five groups of different shapes that overlap."""
    rng = np.random.default_rng(0)
    groups = rng.normal(size=(5, N_COLUMNS)) * 1.5
    shapes = rng.normal(size=(5, N_COLUMNS, N_COLUMNS)) * 0.6
    per_group = (N_ROWS // 5, N_COLUMNS)
    parts = [rng.normal(size=per_group) @ s + g for s, g in zip(shapes, groups, strict=True)]
    return np.concatenate(parts)


def fit(module: str, covariance_type: str) -> dict[str, Any]:
    from importlib import import_module
    from time import perf_counter

    from threadpoolctl import threadpool_limits

    mixture, x = import_module(module).GaussianMixture, rows()
    settings: dict[str, Any] = {"covariance_type": covariance_type, "random_state": 0}
    with threadpool_limits(1):
        mixture(2, **settings).fit(x[:100])
        start = perf_counter()
        fitted = mixture(K, n_init=5, **settings).fit(x)
        seconds = perf_counter() - start
        one = mixture(K, **settings).fit(x)
    return {"seconds": seconds, "bound": float(fitted.lower_bound_), "one": float(one.lower_bound_)}


def main() -> None:
    print(describe_machine("numpy", "scikit-learn"))
    print("| type | scikit-learn, s | Lacunar, s | ratio | best bounds | same start, difference |")
    print("|---|---|---|---|---|---|")
    for kind in TYPES:
        jobs = {
            name: {"function": "fit", "module": module, "covariance_type": kind}
            for name, module in MODULES.items()
        }
        runs = in_turn(__file__, jobs, rounds=3)
        peer, ours = (middle(runs[name], "seconds") for name in MODULES)
        bounds = [runs[name][0]["bound"] for name in MODULES]
        apart = abs(runs["Lacunar"][0]["one"] - runs["scikit-learn"][0]["one"])
        print(
            f"| {kind} | {peer:.2f} | {ours:.2f} | {peer / ours:.1f} "
            f"| {bounds[0]:.4f}, {bounds[1]:.4f} | {apart:.0e} |"
        )


if __name__ == "__main__":
    main()
