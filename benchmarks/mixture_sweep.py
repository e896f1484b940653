"""Mixture sweep, K = 1..10 x seeds 0..50 on MovieLens: Lacunar and a loop over scikit-learn.

Run: ``python benchmarks/mixture_sweep.py`` with ``LACUNAR_DATA`` naming the data directory.
scikit-learn gets the number of BLAS threads that is fastest for it; Lacunar fits two K in
parallel, as the command does on two cores, and for comparison one after the other.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from measure import data_set, describe_machine, in_turn, middle, run_alone

KS, SEEDS = range(1, 11), range(51)


def profiles() -> Any:
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.features.genre_profiles import genre_profiles
    from lacunar.taste.features.imputation import fill_gaps

    ratings = read_ratings(data_set("ml-latest-small"))
    return fill_gaps(genre_profiles(ratings).means, "row-mean")


def nothing() -> dict[str, Any]:
    """The memory of the imports and the profiles alone."""
    import sklearn.mixture  # noqa: F401  # its memory is what is measured

    import lacunar.mixture.model_selection  # noqa: F401  # the same

    profiles()
    return {}


def ours(threads: int) -> dict[str, Any]:
    from lacunar.mixture.data import MixtureData
    from lacunar.mixture.model_selection import search

    x = MixtureData(profiles())
    start = time.perf_counter()
    fit_grid = search(x, n_components=KS, seeds=SEEDS, n_threads=threads).fit_grid
    return {"seconds": time.perf_counter() - start, "bounds": fit_grid.lower_bound.tolist()}


def scikit_learn(threads: int, ks: list[int] | None = None) -> dict[str, Any]:
    import warnings

    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    warnings.simplefilter("ignore")
    x = profiles()
    with threadpool_limits(threads):
        start = time.perf_counter()
        bounds = [
            [GaussianMixture(k, random_state=seed).fit(x).lower_bound_ for seed in SEEDS]
            for k in ks or KS
        ]
        return {"seconds": time.perf_counter() - start, "bounds": bounds}


def main() -> None:
    trial = {
        threads: run_alone(__file__, "scikit_learn", threads=threads, ks=[3, 7])["seconds"]
        for threads in (1, 2)
    }
    best = min(trial, key=trial.__getitem__)
    print(describe_machine("numpy", "scikit-learn"))
    print(
        f"scikit-learn with 1 and 2 BLAS threads, K = 3 and 7: {trial[1]:.2f} s, {trial[2]:.2f} s"
    )
    runs = in_turn(
        __file__,
        {
            "ours": {"function": "ours", "threads": 2},
            "ours, one thread": {"function": "ours", "threads": 1},
            "scikit-learn": {"function": "scikit_learn", "threads": best},
            "imports": {"function": "nothing"},
        },
        rounds=3,
    )
    for round_, (mine, peer) in enumerate(zip(runs["ours"], runs["scikit-learn"], strict=True), 1):
        apart = np.abs(np.array(mine["bounds"]) - np.array(peer["bounds"]))
        print(
            f"round {round_}: ours {mine['seconds']:.2f} s, scikit-learn {peer['seconds']:.2f} s,"
            f" ratio {peer['seconds'] / mine['seconds']:.1f};"
            f" {apart.size} lower bounds, largest difference {apart.max():.1e}"
        )
    ratio = middle(runs["scikit-learn"], "seconds") / middle(runs["ours"], "seconds")
    alone = middle(runs["scikit-learn"], "seconds") / middle(runs["ours, one thread"], "seconds")
    peaks = ", ".join(f"{name} {middle(runs[name], 'peak_mb'):.0f} MB" for name in runs)
    print(f"ratio of medians {ratio:.1f}, with one thread of ours {alone:.1f}")
    print(f"peak memory: {peaks}")


if __name__ == "__main__":
    main()
