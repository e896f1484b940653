"""The profile stage with Polars and pandas, for benchmarks/scale_tastes.py; does not need Lacunar.

Run: ``python benchmarks/scale_peers.py {polars,pandas} DIRECTORY``, where the directory holds
``ratings.parquet`` (userId, movieId, rating) and ``genres.parquet`` (movieId, genre). Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def by_polars(pl: Any, directory: Path) -> Any:
    ratings = pl.scan_parquet(directory / "ratings.parquet").select("userId", "movieId", "rating")
    genres = pl.scan_parquet(directory / "genres.parquet")
    return (
        ratings.join(genres, on="movieId")
        .group_by("userId", "genre")
        .agg(
            mean=pl.col("rating").mean(),
            square=(pl.col("rating") * pl.col("rating")).mean(),
            count=pl.len(),
        )
        .collect(engine="streaming")
    )


def by_pandas(pd: Any, directory: Path) -> Any:
    columns = ["userId", "movieId", "rating"]
    ratings = pd.read_parquet(directory / "ratings.parquet", columns=columns)
    genres = pd.read_parquet(directory / "genres.parquet")
    joined = ratings.merge(genres, on="movieId")
    del ratings
    joined["square"] = joined["rating"] ** 2
    groups = joined.groupby(["userId", "genre"], sort=False)
    return groups.agg(mean=("rating", "mean"), square=("square", "mean"), count=("rating", "size"))


def main() -> None:
    peer, directory = sys.argv[1], Path(sys.argv[2])
    library = import_module(peer)
    start, cpu = time.perf_counter(), time.process_time()
    cells = {"polars": by_polars, "pandas": by_pandas}[peer](library, directory)
    figures = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "cells": len(cells),
        "ratings": int(cells["count"].sum()),
        "stars": float((cells["mean"] * cells["count"]).sum()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
