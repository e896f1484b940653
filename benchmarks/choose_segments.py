"""Evidence for the default preset: features of users, with and without noise and prior.

Run: ``python benchmarks/choose_segments.py`` with ``LACUNAR_DATA`` naming the data directory.
Protocol random-20 on MovieLens, three splits; segments are fitted to the training part only. In
each row its own criterion chooses K from 1 to 10. Scores: nDCG@10 of popularity inside the
segments, the adjusted Rand index between the five best restarts at the chosen K, and the one
between the segments and those refitted without a tenth of the users (five times, first split).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from measure import data_set, describe_machine

from lacunar.mixture.data import MixtureData
from lacunar.mixture.model_selection import Search, search
from lacunar.mixture.stability import leave_out_stability
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate import random_split, segment_popularity_ndcg
from lacunar.taste.features.genre_profiles import genre_profiles
from lacunar.taste.features.imputation import fill_gaps
from lacunar.taste.features.release_periods import period_counts
from lacunar.taste.features.views import build_view

PLAIN: dict[str, Any] = {"noise": False}
ROWS: dict[str, TasteConfig] = {
    "source preset": TasteConfig.of_preset("source"),
    "means, full": TasteConfig(view="means", covariance_type="full", max_components=6, **PLAIN),
    "means": TasteConfig(view="means", **PLAIN),
    "means, noise": TasteConfig(view="means"),
    "relative": TasteConfig(view="relative", **PLAIN),
    "relative, noise": TasteConfig(view="relative"),
    "log-shares": TasteConfig(view="log-shares", **PLAIN),
    "log-shares, noise": TasteConfig(view="log-shares"),
    "shares": TasteConfig(view="shares", **PLAIN),
    "shares, noise": TasteConfig(view="shares"),
    "periods, noise": TasteConfig(view="periods"),
    "shares+periods": TasteConfig(**PLAIN),
    "shares+periods, noise, no prior": TasteConfig(prior_users=None),
    "shares+periods, noise (default)": TasteConfig(),
    "shares+relative+periods, noise": TasteConfig(view="shares+relative+periods"),
}


def data_of(ratings: Ratings, config: TasteConfig) -> MixtureData:
    view = build_view(config.view, genre_profiles(ratings), period_counts(ratings))
    values = fill_gaps(view.values, config.gaps)
    return MixtureData(values, view.noise if config.noise else None)


def choose(data: MixtureData, config: TasteConfig, ks: range, folds: int = 0) -> Search:
    return search(
        data,
        n_components=ks,
        seeds=range(config.n_seeds),
        options=config.em_options,
        criterion=config.criterion,
        folds=folds,
    )


def main() -> None:
    ratings = read_ratings(data_set("ml-latest-small"))
    splits = [random_split(ratings, seed=seed) for seed in range(3)]
    everybody = np.zeros(ratings.n_users, dtype=np.int64)
    popular = [segment_popularity_ndcg(split, everybody) for split in splits]
    print(describe_machine("numpy", "scikit-learn"))
    print("\n| features | K | nDCG@10 | restarts agree | refits agree | seconds per fit |")
    print("|---|---|---|---|---|---|")
    print(f"| (popularity) | | {np.mean(popular):.3f} | | | |")
    for name, config in ROWS.items():
        ks = range(config.min_components, config.max_components + 1)
        chosen, quality, agreement, taken = [], [], [], []
        refits = np.full(5, np.nan)
        for s, split in enumerate(splits):
            data = data_of(split.train, config)
            start = time.perf_counter()
            found = choose(data, config, ks)
            taken.append(time.perf_counter() - start)
            labels, k = found.labels, found.n_components
            chosen.append(str(k))
            quality.append(segment_popularity_ndcg(split, labels))
            agreement.append(found.fit_grid.agreement[found.fit_grid.n_components.index(k)])
            if s == 0 and k > 1:
                only = range(k, k + 1)

                def refit(
                    kept: Any, data: Any = data, only: Any = only, config: Any = config
                ) -> Any:
                    return choose(data.take(kept), config, only).labels

                refits = leave_out_stability(refit, labels, rounds=5)
        print(
            f"| {name} | {', '.join(chosen)} | {np.mean(quality):.3f} |"
            f" {', '.join(f'{value:.2f}' for value in agreement)} | {np.mean(refits):.2f} |"
            f" {np.mean(taken):.1f} |",
            flush=True,
        )
    print("\nAll ratings, the whole surface of both presets, best of all seeds at each K:")
    for name in ("source preset", "shares+periods, noise (default)"):
        config = ROWS[name]
        found = choose(data_of(ratings, config), config, range(1, 13), folds=5)
        fit_grid = found.fit_grid
        print(f"\n{name}\n\n| K | BIC | ICL | held out | restarts agree | degenerate fits |")
        print("|---|---|---|---|---|---|")
        for row, k in enumerate(fit_grid.n_components):
            print(
                f"| {k} | {fit_grid.bic[row].min():.0f} | {fit_grid.icl[row].min():.0f} |"
                f" {fit_grid.held_out[row]:.2f} | {fit_grid.agreement[row]:.2f} |"
                f" {fit_grid.degenerate[row].sum()} of {len(fit_grid.seeds)} |"
            )


if __name__ == "__main__":
    main()
