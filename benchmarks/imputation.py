"""Error of ``GaussianMixtureImputer`` on cells that were known, beside other imputers.

Run: ``python benchmarks/imputation.py [TABLE ...]`` with ``LACUNAR_DATA`` naming the data
directory; ``--tuning`` takes the tables on which defaults were chosen instead. Tables: wine, breast
cancer and diabetes of scikit-learn, and the genre means of the 610 users of ``ml-latest-small``,
whose gaps stay gaps. Columns are standardised. Then 30 % of the known cells of each column are
removed: at random, or large values more often than small ones. Every imputer fits and fills the
same table. The error is the root mean square of all removed cells; its intervals are over seeds,
which differ in the removed cells.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
from measure import data_set, describe_machine
from numpy.typing import NDArray
from scipy import stats

from lacunar.mixture import GaussianMixtureImputer

Table = NDArray[np.float64]
SEEDS = range(3)
REMOVED = 0.3
OURS = "GaussianMixtureImputer"


def public_tables() -> Iterator[tuple[str, Table, Table | None]]:
    """Name, values and noise variances of each table that is measured."""
    from sklearn import datasets

    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.features.genre_profiles import genre_profiles

    yield "wine", datasets.load_wine().data, None
    yield "breast cancer", datasets.load_breast_cancer().data, None
    yield "diabetes", datasets.load_diabetes(scaled=False).data, None
    found = genre_profiles(read_ratings(data_set("ml-latest-small")))
    noise = found.rating_variance / np.maximum(found.counts, 1)
    several = (~np.isnan(found.means)).sum(axis=0) > 20
    yield "genre means", found.means[:, several], noise[:, several]


def tuning_tables() -> Iterator[tuple[str, Table, Table | None]]:
    """Tables on which the defaults were chosen."""
    from sklearn import datasets

    rng = np.random.default_rng(0)
    yield "iris", datasets.load_iris().data, None
    digits = datasets.load_digits().data[:500]
    yield "digits", digits[:, digits.std(axis=0) > 3][:, ::2], None
    x, y = datasets.make_friedman1(300, 8, noise=0.5, random_state=0)
    yield "friedman", np.column_stack([x, y]), None
    yield (
        "factors",
        rng.normal(size=(250, 3)) @ rng.normal(size=(3, 15)) + 0.7 * rng.normal(size=(250, 15)),
        None,
    )
    means = rng.normal(size=(4, 8)) * 2
    yield "groups", means[rng.integers(0, 4, 200)] + rng.normal(size=(200, 8)), None
    yield (
        "equicorrelated",
        rng.multivariate_normal(np.zeros(20), 0.5 + 0.5 * np.eye(20), size=80),
        None,
    )


def removed_cells(x: Table, seed: int, *, at_random: bool) -> NDArray[np.bool_]:
    """Known cells to remove; every row and column keeps some."""
    rng = np.random.default_rng(seed)
    chance = np.full(x.shape, REMOVED)
    if not at_random:
        chance = 1 / (1 + np.exp(-1.5 * np.nan_to_num(x)))
        chance *= REMOVED / np.where(np.isnan(x), np.nan, chance).mean(axis=0, where=~np.isnan(x))
    removed = (rng.random(x.shape) < chance) & ~np.isnan(x)
    emptied = np.isnan(np.where(removed, np.nan, x)).all(axis=1)
    removed[emptied] = False
    return removed


def imputers(seed: int) -> dict[str, Callable[[], Any]]:
    """The imputers; each is made anew for every table."""
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401  # makes the next exist
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    trees = ExtraTreesRegressor(50, random_state=seed)
    return {
        OURS: lambda: GaussianMixtureImputer(random_state=seed),
        "IterativeImputer, BayesianRidge": lambda: IterativeImputer(max_iter=30, random_state=seed),
        "IterativeImputer, ExtraTrees": lambda: IterativeImputer(
            trees, max_iter=5, random_state=seed
        ),
        "KNNImputer, 5 neighbours": KNNImputer,
        "KNNImputer, 15 by distance": lambda: KNNImputer(n_neighbors=15, weights="distance"),
        "SimpleImputer, mean": SimpleImputer,
    }


def measured(x: Table, noise: Table | None, *, at_random: bool) -> dict[str, Table]:
    """Error and seconds of each imputer, shape (seeds, 2)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in SEEDS:
        removed = removed_cells(x, seed, at_random=at_random)
        left = np.where(removed, np.nan, x)
        makers = imputers(seed)
        if noise is not None:
            makers[f"{OURS}, noise known"] = makers[OURS]
        for name, make in makers.items():
            known: dict[str, Any] = {"noise": noise} if name.endswith("noise known") else {}
            start = perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # peers stop before they converge
                filled = make().fit_transform(left, **known)
            seconds = perf_counter() - start
            error = float(np.sqrt(np.mean((filled - x)[removed] ** 2)))
            found.setdefault(name, []).append((error, seconds))
    return {name: np.array(pairs) for name, pairs in found.items()}


def interval(values: Table) -> str:
    """Mean and its 95 % interval (Student's t)."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{values.mean():.3f} ({values.mean() - half:.3f} to {values.mean() + half:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--tuning", action="store_true")
    arguments = parser.parse_args()
    print(describe_machine("numpy", "scikit-learn"))
    for name, values, variances in tuning_tables() if arguments.tuning else public_tables():
        if arguments.tables and name not in arguments.tables:
            continue
        scale = np.nanstd(values, axis=0)
        x = (values - np.nanmean(values, axis=0)) / scale
        noise = None if variances is None else variances / scale**2
        for at_random in (True, False):
            found = measured(x, noise, at_random=at_random)
            how = "at random" if at_random else "large values more often"
            print(f"\n| {name}, {len(x)} x {x.shape[1]}, removed {how} | error | minus ours | s |")
            print("|---|---|---|---|")
            for imputer, pairs in found.items():
                minus = "" if imputer == OURS else interval(pairs[:, 0] - found[OURS][:, 0])
                seconds = np.median(pairs[:, 1])
                print(f"| {imputer} | {interval(pairs[:, 0])} | {minus} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
