"""Cost of the expensive parts of tastes as one size doubles: users, columns, K, films.

Run: ``python benchmarks/scale_growth.py``. Random rows and feedback of the given sizes; each figure
is the median of three runs, and the ratio is to the previous size. No peer: this measures growth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from statistics import median

import numpy as np
import scipy.sparse as sp
from measure import describe_machine

from lacunar.mixture.chunked import LocalExpectation
from lacunar.mixture.data import MixtureData
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.taste.recommend.ease import fit_ease

USERS, COLUMNS, K, GAPS = 50_000, 20, 4, 0.2


def expectation_step(
    users: int = USERS,
    columns: int = COLUMNS,
    k: int = K,
    covariance_type: CovarianceType = "diag",
    gaps: float = GAPS,
) -> Callable[[], object]:
    """One E step over all users."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(users, columns))
    values[rng.random(values.shape) < gaps] = np.nan
    spread = np.ones((1, k, columns))
    if covariance_type == "full":
        spread = np.broadcast_to(np.eye(columns), (1, k, columns, columns)).copy()
    means = rng.normal(size=(1, k, columns))
    mixture = MixtureParameters(np.full((1, k), 1 / k), means, spread)
    rows = LocalExpectation(MixtureData(values), covariance_type)
    return lambda: rows.statistics(mixture)


def ease_model(users: int = 20_000, films: int = 2_000, each: int = 50) -> Callable[[], object]:
    """The closed form of the EASE model, Gram matrix and inverse."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(users), each)
    # Films with small numbers have most ratings, as in a log.
    item = np.minimum(rng.exponential(films / 5, size=len(user)).astype(int), films - 1)
    feedback = sp.csr_array((np.ones(len(user)), (user, item)), shape=(users, films))
    feedback.sum_duplicates()
    return lambda: fit_ease(feedback, penalty=100.0)


def table(name: str, sizes: Iterable[int], job: Callable[[int], Callable[[], object]]) -> None:
    """Seconds and growth for each size, as a row."""
    before, told = None, []
    for size in sizes:
        work, seconds = job(size), []
        for _ in range(3):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        spent = median(seconds)
        told.append(f"{size:,}: {spent:.2f} s" + (f" (x {spent / before:.1f})" if before else ""))
        before = spent
    print(f"{name}: {', '.join(told)}", flush=True)


def main() -> None:
    print(describe_machine("numpy", "scipy"))
    print(f"E step, {USERS:,} users, {COLUMNS} columns, K = {K}, {GAPS:.0%} of cells unknown")
    for kind, gaps in (("diag", GAPS), ("full", 0.0), ("full", GAPS)):
        told = f"{kind}{', no gaps' if kind == 'full' and not gaps else ''}"
        shape: dict[str, object] = {"covariance_type": kind, "gaps": gaps}
        for name, sizes in {
            "users": (25_000, 50_000, 100_000),
            "columns": (10, 20, 40),
            "k": (2, 4, 8),
        }.items():
            table(
                f"  {told}, {name}",
                sizes,
                lambda size, name=name, shape=shape: expectation_step(**shape | {name: size}),
            )
    print("item model, 20,000 users with about 50 films each of 2,000")
    table("  films", (1_000, 2_000, 4_000, 8_000), lambda films: ease_model(films=films))
    table("  users", (10_000, 20_000, 40_000), lambda users: ease_model(users=users))
    table("  films of each user", (25, 50, 100), lambda each: ease_model(each=each))


if __name__ == "__main__":
    main()
