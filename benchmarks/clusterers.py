"""Comparison of clusterers: cost, placement of new users, stability and usefulness.

Run: ``python benchmarks/clusterers.py`` with ``LACUNAR_DATA`` naming the data directory. It prints
its tables and writes them into ``docs/clusterers.md``. Every fit uses one thread.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from math import log10
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measure import data_set, describe_machine, run_alone

PAGE = Path(__file__).parents[1] / "docs" / "clusterers.md"
SIZES = (610, 10_000, 100_000)
LIMIT_SECONDS, LIMIT_BYTES = 120, 9 * 10**9
# Restarts: as many for k-means as for the mixture; the source report had 51.
COST_SEEDS, SCORE_SEEDS = 10, 51
INPUTS = {"means": "genre means, gaps filled with the row mean", "shares": "root of genre shares"}
NAMES = [
    "k-means, K = 4", "k-means, K = 8", "HAC (Ward), K = 4", "HAC (Ward), K = 8",
    "DBSCAN", "HDBSCAN", "mixture, K = 4", "mixture, K = 8",
    "diagonal mixture, K = 4", "diagonal mixture, K = 8",
]  # fmt: skip


def clusterer(name: str, n_seeds: int) -> Any:
    import other_clusterers as clusterers

    method, _, k = name.partition(", K = ")
    return {
        "k-means": lambda: clusterers.KMeans(int(k), n_seeds),
        "HAC (Ward)": lambda: clusterers.Hierarchical(int(k)),
        "DBSCAN": clusterers.Dbscan,
        "HDBSCAN": clusterers.Hdbscan,
        "mixture": lambda: clusterers.Mixture(int(k), n_seeds=n_seeds),
        "diagonal mixture": lambda: clusterers.Mixture(int(k), "diag", n_seeds=n_seeds),
    }[method]()


def rows_of(ratings: Any, kind: str) -> Any:
    """Input of the clusterers, shape (U, G)."""
    from lacunar.taste.features.genre_profiles import genre_profiles
    from lacunar.taste.features.imputation import fill_gaps

    profiles = genre_profiles(ratings)
    if kind == "means":
        return fill_gaps(profiles.means, "row-mean")
    return np.sqrt(profiles.counts / profiles.counts.sum(axis=1, keepdims=True))


def generate(path: str) -> dict[str, Any]:
    """Profiles of generated users, in batches: all ratings at once would be 10 million rows."""
    from lacunar.datasets.tastes.sample import (
        TasteSample,
        iter_ratings,
        sample_movies,
        write_sample,
    )
    from lacunar.taste.data.reading import read_ratings

    sizes = {"n_movies": 3000, "seed": 0}
    movies, parts, n_ratings = sample_movies(**sizes), [], 0
    for batch in iter_ratings(n_users=SIZES[-1], median_ratings=46, **sizes):
        with tempfile.TemporaryDirectory() as folder:
            sample = TasteSample(batch, movies, np.empty(0, dtype=np.int64))
            write_sample(sample, Path(folder), layout="parquet")
            parts.append(rows_of(read_ratings(Path(folder)), "means"))
        n_ratings += len(batch)
    np.save(path, np.concatenate(parts))
    return {"ratings": n_ratings}


def cost(name: str, path: str, n_users: int) -> dict[str, Any]:
    """Seconds of a fit, and of the placement of one user."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    x = np.load(path)[:n_users]
    method = clusterer(name, COST_SEEDS)
    method.fit(x[:100])
    times = []
    try:
        for _ in range(3 if n_users <= 10_000 else 1):
            start = time.perf_counter()
            fitted = method.fit(x)
            times.append(time.perf_counter() - start)
            if times[0] > 5:
                break
    except MemoryError:
        return {"seconds": None}
    placing = []
    for row in range(300 if method.places_new else 0):
        start = time.perf_counter()
        fitted.place(x[row : row + 1])
        placing.append(time.perf_counter() - start)
    place = median(placing) * 1e6 if placing else None
    return {"seconds": median(times), "place_us": place}


def score(name: str, kind: str) -> dict[str, Any]:
    """Stability under refits and usefulness of the clusters of the real data."""
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.evaluate import random_split, segment_popularity_ndcg

    ratings = read_ratings(data_set("ml-latest-small"))
    method = clusterer(name, SCORE_SEEDS)
    x = rows_of(ratings, kind)
    found = method.fit(x)
    rng, agreement = np.random.default_rng(0), []
    for _ in range(5):
        kept = np.sort(rng.permutation(len(x))[len(x) // 10 :])
        agreement.append(adjusted_rand_score(found.labels[kept], method.fit(x[kept]).labels))
    inside = found.labels >= 0
    several = found.n_clusters > 1
    gains = []
    for seed in range(3):
        split = random_split(ratings, seed=seed)
        labels = method.fit(rows_of(split.train, kind)).labels
        everybody = np.zeros_like(labels)
        gains.append([segment_popularity_ndcg(split, part) for part in (labels, everybody)])
    return {
        "sizes": np.sort(np.bincount(found.labels[inside]))[::-1].tolist() if inside.any() else [],
        "noise": found.noise_share,
        "ari": float(np.mean(agreement)),
        "silhouette": float(silhouette_score(x[inside], found.labels[inside])) if several else None,
        "ndcg": float(np.mean([own for own, _ in gains])),
        "popularity": float(np.mean([plain for _, plain in gains])),
        "spread": float(np.std([own - plain for own, plain in gains])),
    }


def softness(kind: str, k: int, covariance_type: str) -> dict[str, Any]:
    """Softness of a mixture's assignments, and the effect of ranking by them."""
    from lacunar.mixture.data import MixtureData
    from lacunar.mixture.em import posterior
    from lacunar.mixture.em_options import EmOptions
    from lacunar.mixture.model_selection import search
    from lacunar.mixture.rows.complete import CompleteRows
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.evaluate import random_split, ranking_quality, segment_popularity_ndcg

    ratings, unsure, hard, soft = read_ratings(data_set("ml-latest-small")), [], [], []
    for seed in range(3):
        split = random_split(ratings, seed=seed)
        train = split.train
        x = rows_of(train, kind)
        options = EmOptions(covariance_type=covariance_type)
        data = MixtureData(x)
        chosen = search(data, n_components=[k], seeds=range(SCORE_SEEDS), options=options).chosen
        belongs = posterior(CompleteRows(x, covariance_type), chosen)[0][0]
        unsure.append(float((belongs.max(axis=0) < 0.9).mean()))
        hard.append(segment_popularity_ndcg(split, belongs.argmax(axis=0)))
        liked = np.zeros((len(x), train.n_items))
        liked[train.user, train.item] = train.rating >= 4
        likes = belongs @ liked / belongs.sum(axis=1, keepdims=True)
        likes += 1e-9 * liked.sum(axis=0)
        quality = ranking_quality(lambda u, b=belongs, q=likes: b[:, u].T @ q, split)
        soft.append(float(quality["ndcg@10"].mean()))
    return {name: float(np.mean(values)) for name, values in
            {"unsure": unsure, "hard": hard, "soft": soft}.items()}  # fmt: skip


def shape(kind: str, k: int) -> dict[str, Any]:
    """Share of variance along the longest axis inside a k-means cluster; 1 / G in a sphere."""
    from lacunar.taste.data.reading import read_ratings

    x = rows_of(read_ratings(data_set("ml-latest-small")), kind)
    labels = clusterer(f"k-means, K = {k}", SCORE_SEEDS).fit(x).labels
    axes = [np.linalg.eigvalsh(np.cov(x[labels == c].T)) for c in range(k)]
    weights = np.bincount(labels) / len(labels)
    return {
        "longest": float(weights @ [axis[-1] / axis.sum() for axis in axes]),
        "ball": 1 / x.shape[1],
    }


def densities(kind: str) -> dict[str, Any]:
    """Results of density-based methods with other settings: second clusters, and noise."""
    from other_clusterers import Dbscan, Hdbscan, knee_distance

    from lacunar.taste.data.reading import read_ratings

    x = rows_of(read_ratings(data_set("ml-latest-small")), kind)
    knee = knee_distance(x, 2 * x.shape[1])
    tried = [Dbscan(n, part / 10 * knee) for n in (10, 40) for part in range(4, 10)]
    tried += [Hdbscan(n) for n in (3, 5, 10, 20, 40)]
    second, noise = [], []
    for method in tried:
        labels = method.fit(x).labels
        noise.append(float((labels < 0).mean()))
        sizes = np.sort(np.bincount(labels[labels >= 0], minlength=2))
        second.append(int(sizes[-2]))
    return {
        "tried": len(tried),
        "several": sum(n > 0 for n in second),
        "second": max(second),
        "noise": [min(noise), max(noise)],
    }


def attempt(name: str, path: str, n_users: int) -> dict[str, Any]:
    """The cost of a fit, or the reason why there is none."""
    from other_clusterers import hierarchical_bytes

    if name.startswith("HAC") and hierarchical_bytes(n_users) > LIMIT_BYTES:
        return {"words": f"needs {hierarchical_bytes(n_users) / 1e9:.0f} GB, not run"}
    try:
        found = run_alone(
            __file__, "cost", timeout=LIMIT_SECONDS, name=name, path=path, n_users=n_users
        )
    except subprocess.TimeoutExpired:
        return {"words": f"over {LIMIT_SECONDS} s"}
    if found["seconds"] is None:
        return {"words": f"over {LIMIT_BYTES / 1e9:.0f} GB"}
    return found


def cost_table(path: str) -> list[str]:
    sizes = " | ".join(f"{size:,} users" for size in SIZES)
    lines = [
        f"| fit | {sizes} | growth | peak memory, 10,000 | peak memory, 100,000 | one new user |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in NAMES:
        runs = [attempt(name, path, size) for size in SIZES]
        seconds = [run.get("words") or f"{run['seconds']:.3g} s" for run in runs]
        peaks = ["" if "words" in run else f"{run['peak_mb']:,.0f} MB" for run in runs]
        growth = ""
        if not any("words" in run for run in runs[1:]):
            ratio = log10(runs[2]["seconds"] / runs[1]["seconds"])
            growth = f"{ratio / log10(SIZES[2] / SIZES[1]):.2f}"
        place = runs[0].get("place_us")
        placing = f"yes, {place:,.0f} µs" if place else "no"
        lines.append(
            "| " + " | ".join([name, *seconds, growth, peaks[1], peaks[2], placing]) + " |"
        )
        print(lines[-1], flush=True)
    return lines


def score_table(kind: str) -> list[str]:
    lines = [
        f"| {INPUTS[kind]} | clusters, largest | noise | ARI of refits | silhouette | nDCG@10 |",
        "|---|---|---|---|---|---|",
    ]
    for name in NAMES:
        run = run_alone(__file__, "score", name=name, kind=kind)
        sizes = f"{len(run['sizes'])}: " + ", ".join(map(str, run["sizes"][:3]))
        silhouette = "" if run["silhouette"] is None else f"{run['silhouette']:.2f}"
        lines.append(
            f"| {name} | {sizes} | {run['noise']:.0%} | {run['ari']:.2f} | {silhouette}"
            f" | {run['ndcg']:.3f} ({run['ndcg'] - run['popularity']:+.3f}"
            f" ± {run['spread']:.3f}) |"
        )
        print(lines[-1], flush=True)
    print(f"popularity over everybody: {run['popularity']:.3f}")
    return [*lines, "", f"Popularity over everybody: {run['popularity']:.3f}."]


def softness_table() -> list[str]:
    lines = [
        "| mixture | input | users with no cluster above .9 | nDCG@10 hard | soft |",
        "|---|---|---|---|---|",
    ]
    for kind, words in INPUTS.items():
        for covariance_type in ("full", "diag"):
            for k in (4, 8):
                run = run_alone(
                    __file__, "softness", kind=kind, k=k, covariance_type=covariance_type
                )
                lines.append(
                    f"| {covariance_type}, K = {k} | {words} | {run['unsure']:.0%}"
                    f" | {run['hard']:.3f} | {run['soft']:.3f} |"
                )
                print(lines[-1], flush=True)
    return lines


def shape_lines() -> list[str]:
    runs = {kind: run_alone(__file__, "shape", kind=kind, k=4) for kind in INPUTS}
    return [
        f"Inside k-means clusters (K = 4) of {INPUTS[kind]}, the longest axis carries"
        f" {run['longest']:.0%} of the variance; in a ball it would be {run['ball']:.0%}."
        for kind, run in runs.items()
    ]


def density_lines() -> list[str]:
    runs = {kind: run_alone(__file__, "densities", kind=kind) for kind in INPUTS}
    return [
        f"Of {run['tried']} settings of DBSCAN (10 or 40 users within .4 to .9 of the knee) and"
        f" HDBSCAN (clusters of at least 3 to 40), {run['several']} find a second cluster in"
        f" {INPUTS[kind]}; it has at most {run['second']} users. They leave out"
        f" {run['noise'][0]:.0%} to {run['noise'][1]:.0%} of the users."
        for kind, run in runs.items()
    ]


def main() -> None:
    machine = describe_machine("numpy", "scipy", "scikit-learn")
    print(machine)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "profiles.npy")
        run_alone(__file__, "generate", path=path)
        sections = [[f"{machine}; one thread."], cost_table(path)]
    sections += [
        *(score_table(kind) for kind in INPUTS),
        softness_table(),
        density_lines(),
        shape_lines(),
    ]
    tables = "\n\n".join("\n".join(lines) for lines in sections)
    begin, end = "<!-- tables: begin -->", "<!-- tables: end -->"
    text = PAGE.read_text(encoding="utf-8")
    between = re.compile(f"{begin}.*{end}", re.DOTALL)
    PAGE.write_text(between.sub(lambda _: f"{begin}\n\n{tables}\n\n{end}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
