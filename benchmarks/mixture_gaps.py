"""Cost of keeping the gaps: one EM iteration with and without them, and by a plain loop.

Run: ``python benchmarks/mixture_gaps.py`` with ``LACUNAR_DATA`` naming the data directory. 610
users are those of MovieLens, with 51 restarts of 10 components; 100,000 are generated, with one
restart of 4. The loop over users does the same algebra with NumPy, one user and component at a
time; it runs on the first 300 users, and its time is extrapolated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from measure import data_set, describe_machine, in_turn, middle

LOOP_USERS = 300
SIZES = {"610 users, 51 x 10 components": (610, 51, 10), "100,000 users, 4": (100_000, 1, 4)}


def profiles(n_users: int) -> Any:
    """Genre means with their gaps, of real users or of the given number of generated ones."""
    from lacunar.datasets.tastes.sample import iter_ratings, sample_movies
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.features.genre_profiles import genre_profiles

    if n_users == 610:
        return genre_profiles(read_ratings(data_set("ml-latest-small"))).means
    genre_of = [row.split("|") for row in sample_movies(n_movies=3000)["genres"].to_pylist()]
    names = sorted({name for row in genre_of for name in row})
    flags = np.array([[name in row for name in names] for row in genre_of], dtype=np.float64)
    ids = sample_movies(n_movies=3000)["movieId"].to_numpy()
    parts = []
    for batch in iter_ratings(n_users=n_users, n_movies=3000, median_ratings=46):
        user = batch["userId"].to_numpy() - batch["userId"][0].as_py()
        film = np.searchsorted(ids, batch["movieId"].to_numpy())
        known, sums = (
            np.stack([np.bincount(user, weights=w * flags[film, g]) for g in range(len(names))], 1)
            for w in (np.ones(len(user)), batch["rating"].to_numpy())
        )
        parts.append(np.where(known > 0, sums / np.maximum(known, 1), np.nan))
    return np.concatenate(parts)


def seconds(step: Callable[[], object], least: float = 0.5) -> float:
    """Mean time of one step, over the steps that fit into half a second."""
    step()
    start, n = time.perf_counter(), 0
    while time.perf_counter() - start < least:
        step()
        n += 1
    return (time.perf_counter() - start) / n


def iteration(engine: str, n_users: int, restarts: int, k: int) -> dict[str, Any]:
    from threadpoolctl import threadpool_limits

    from lacunar.mixture.data import MixtureData
    from lacunar.mixture.em import e_step, m_step
    from lacunar.mixture.statistics import fill_additive

    kind, what = engine.split(" ")
    x = profiles(n_users)
    data = MixtureData(fill_additive(x) if what == "complete" else x)
    with threadpool_limits(1):
        rows = data.observations(kind, restarts * k)  # type: ignore[arg-type]  # named by a string
        parameters = m_step(rows.start(data.starts(k, range(restarts)), k), 1e-3)
        if what == "loop":
            some = x[:LOOP_USERS] - rows.origin
            taken = seconds(lambda: by_loop(some, parameters.take(slice(0, 1))))
            return {"seconds": taken * n_users / LOOP_USERS * restarts, "gaps": 0}
        taken = seconds(lambda: m_step(e_step(rows, parameters)[1], 1e-3))
    return {"seconds": taken, "gaps": float(np.isnan(x).mean())}


def by_loop(x: Any, parameters: Any) -> Any:
    """E and M sums of one restart, user by user and component by component."""
    d, k = x.shape[1], parameters.n_components
    mass, first, second = np.zeros(k), np.zeros((k, d)), np.zeros((k, d, d))
    for row in x:
        known = np.flatnonzero(~np.isnan(row))
        gap = np.flatnonzero(np.isnan(row))
        joint, expected, spread = np.empty(k), [], []
        for c in range(k):
            mean, covariance = parameters.means[0, c], parameters.covariances[0, c]
            block = covariance[np.ix_(known, known)]
            z = row[known] - mean[known]
            solved = np.linalg.solve(block, np.column_stack([z, covariance[known][:, gap]]))
            joint[c] = np.log(parameters.weights[0, c]) - 0.5 * (
                z @ solved[:, 0] + np.linalg.slogdet(block)[1] + known.size * np.log(2 * np.pi)
            )
            value = row.copy()
            cross = covariance[np.ix_(gap, known)]
            value[gap] = mean[gap] + cross @ solved[:, 0]
            expected.append(value)
            spread.append(covariance[np.ix_(gap, gap)] - cross @ solved[:, 1:])
        responsibilities = np.exp(joint - np.logaddexp.reduce(joint))
        for c, r in enumerate(responsibilities):
            mass[c] += r
            first[c] += r * expected[c]
            second[c] += r * np.outer(expected[c], expected[c])
            second[c][np.ix_(gap, gap)] += r * spread[c]
    return mass, first, second


def main() -> None:
    print(describe_machine("numpy", "scipy"))
    engines = ["full complete", "full gaps", "full loop", "diag complete", "diag gaps"]
    for size, (n_users, restarts, k) in SIZES.items():
        jobs = {
            engine: {
                "function": "iteration",
                "engine": engine,
                "n_users": n_users,
                "restarts": restarts,
                "k": k,
            }
            for engine in engines
        }
        runs = in_turn(__file__, jobs, rounds=3)
        taken = {engine: middle(runs[engine], "seconds") for engine in engines}
        print(f"\n{size}; {runs['full gaps'][0]['gaps']:.1%} of cells unknown")
        for engine in engines:
            peak = middle(runs[engine], "peak_mb")
            print(f"  {engine:14s} {taken[engine] * 1e3:10.1f} ms an iteration, peak {peak:.0f} MB")
        print(
            f"  full: gaps / complete {taken['full gaps'] / taken['full complete']:.1f},"
            f" loop / gaps {taken['full loop'] / taken['full gaps']:.0f};"
            f" diag: gaps / complete {taken['diag gaps'] / taken['diag complete']:.2f}"
        )


if __name__ == "__main__":
    main()
