"""Tastes at scale on one machine: time and peak memory of every stage, 1 to 33 million ratings.

Run: ``python benchmarks/scale_tastes.py --work DIR [--millions 1 3.3 10 33]``; with
``--peers-python PYTHON`` (see ``scale-requirements.txt``) also Polars streaming and pandas on the
profile stage, alternating with DuckDB for ``--rounds`` rounds. The same run has
scikit-learn's mixture on the same rows. Linux only: peaks per stage come from ``/proc``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from measure import describe_machine, run_alone

# About as many as in MovieLens' larger releases; their Gram matrix takes 800 MB.
FILMS = 10_000
RATINGS_PER_USER = 100
EM_STEPS = 20
PARTS = ("fit", "profiles", "mixture")


class Meter:
    """Seconds, CPU seconds and peak memory from one stage's first report to the next one's."""

    def __init__(self, log: Path) -> None:
        log.write_text("", encoding="utf-8")
        self._log = log
        self.stages: dict[str, dict[str, float]] = {}
        self._stage: str | None = None
        self._start = (0.0, 0.0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        del done, total
        if stage != self._stage:
            self.close()
            self._stage = stage
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            self._start = (time.perf_counter(), time.process_time())

    def close(self) -> None:
        if self._stage is not None:
            wall, cpu = time.perf_counter() - self._start[0], time.process_time() - self._start[1]
            figures = {"seconds": wall, "cpu_seconds": cpu, "peak_mb": _peak()}
            self.stages[self._stage] = figures
            # The run prints its figures at its end; this shows the progress.
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": self._stage} | figures) + "\n")
        self._stage = None


def _peak() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def make(directory: str, users: int) -> dict[str, Any]:
    """The log, and the films' genres in the peers' format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from lacunar.datasets.tastes.sample import write_tastes

    start = time.perf_counter()
    folder = Path(directory)
    ratings = write_tastes(
        folder, n_users=users, n_movies=FILMS, median_ratings=46, layout="parquet"
    )
    movies = pq.read_table(folder / "movies.parquet").to_pylist()
    pairs = [(row["movieId"], genre) for row in movies for genre in row["genres"].split("|")]
    ids, genres = zip(*pairs, strict=True)
    (folder / "peers").mkdir(exist_ok=True)
    pq.write_table(pa.table({"movieId": ids, "genre": genres}), folder / "peers/genres.parquet")
    link = folder / "peers/ratings.parquet"
    link.unlink(missing_ok=True)
    link.symlink_to((folder / "ratings.parquet").resolve())
    return {"ratings": ratings, "seconds": time.perf_counter() - start}


def fit(directory: str, model: str, settings: dict[str, Any]) -> dict[str, Any]:
    """All stages of ``taste fit`` and ``taste recommend --all``."""
    from functools import partial

    from lacunar.store import load_taste, save_taste
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.fit import fit_taste
    from lacunar.taste.recommend.list_files import write_recommendations
    from lacunar.taste.recommend.list_request import ListRequest

    meter = Meter(Path(model).with_suffix(".jsonl"))
    start = time.perf_counter()
    ratings = read_ratings(Path(directory), progress=partial(meter, "ratings"))
    fitted = fit_taste(ratings, TasteConfig(**settings), progress=meter)
    meter("saving", 0, 1)
    save_taste(fitted, Path(model), force=True)
    del fitted, ratings
    meter("loading", 0, 1)
    loaded = load_taste(Path(model))
    meter("recommendations", 0, 1)
    rows = write_recommendations(
        Path(model).with_suffix(".parquet"), loaded.recommender(), loaded.ratings, ListRequest()
    )
    meter.close()
    return {
        "stages": meter.stages,
        "seconds": time.perf_counter() - start,
        "k": loaded.segments.n_segments,
        "rows": rows,
    }


def profiles(directory: str, memory: str) -> dict[str, Any]:
    """The SQL of the profile stage on the peers' files, with a memory limit.

    The memory of Python and of DuckDB's results is not part of the limit.
    """
    from lacunar.taste.data.duckdb import connect
    from lacunar.taste.features.genre_profiles import PROFILE_SQL

    start, cpu = time.perf_counter(), time.process_time()
    with connect(memory) as connection:
        connection.execute(f"""
            CREATE VIEW log AS SELECT "userId" AS user, "movieId" AS item, rating
            FROM read_parquet('{directory}/peers/ratings.parquet');
            CREATE VIEW item_genres AS SELECT "movieId" AS item, genre
            FROM read_parquet('{directory}/peers/genres.parquet')
        """)
        cells = connection.sql(PROFILE_SQL).to_arrow_table()
    counts, means = cells["count"].to_numpy(), cells["mean"].to_numpy()
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "cells": len(cells),
        "ratings": int(counts.sum()),
        "stars": float((counts * means).sum()),
    }


def _rows(model: str) -> Any:
    """Shares of genres and release periods: complete rows, as scikit-learn needs them."""
    import numpy as np

    from lacunar.store import load_taste
    from lacunar.taste.features.views import build_view

    loaded = load_taste(Path(model))
    values = build_view("shares+periods", loaded.profiles, loaded.periods).values
    return values[~np.isnan(values).any(axis=1)], loaded.segments.mixture


def our_mixture(model: str) -> dict[str, Any]:
    """A number of EM steps on all users from the model's mixture."""
    from lacunar.mixture.chunked import LocalExpectation, refine
    from lacunar.mixture.data import MixtureData

    values, mixture = _rows(model)
    start, cpu = time.perf_counter(), time.process_time()
    rows = LocalExpectation(MixtureData(values), "diag")
    found = refine(rows, mixture, tol=1e-300, max_iter=EM_STEPS)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "bound": float(found.lower_bound[0]),
    }


def their_mixture(model: str) -> dict[str, Any]:
    """The same steps with scikit-learn."""
    import warnings

    from sklearn.mixture import GaussianMixture

    warnings.simplefilter("ignore")
    values, mixture = _rows(model)
    peer = GaussianMixture(
        mixture.n_components,
        covariance_type="diag",
        weights_init=mixture.weights[0],
        means_init=mixture.means[0],
        precisions_init=1 / mixture.covariances[0],
        tol=0,
        max_iter=EM_STEPS,
    )
    start, cpu = time.perf_counter(), time.process_time()
    bound = peer.fit(values).lower_bound_
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "bound": float(bound),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where data and models go")
    parser.add_argument("--millions", type=float, nargs="+", default=[1.0, 3.3])
    parser.add_argument("--peers-python", default=None, help="a Python with Polars and pandas")
    parser.add_argument("--settings", type=json.loads, default={}, help="of TasteConfig, as JSON")
    parser.add_argument("--only", choices=PARTS, help="one of the parts; mixture needs a fit")
    parser.add_argument("--rounds", type=int, default=2, help="of the profile stage")
    parser.add_argument("--profile-memory", default="512MB", help="of DuckDB in that stage")
    chosen = parser.parse_args()
    print(describe_machine("duckdb", "numpy", "pyarrow", "scikit-learn", "scipy"))
    for millions in chosen.millions:
        folder = make_log(chosen.work, millions)
        if chosen.only in {None, "fit"}:
            _fit(folder, chosen.settings)
        if chosen.only in {None, "profiles"}:
            for _ in range(chosen.rounds):
                _profiles(folder, chosen.profile_memory, chosen.peers_python)
        if chosen.only in {None, "mixture"}:
            _mixture(folder)


def make_log(work: Path, millions: float) -> Path:
    """Folder of a log with the given millions of ratings, made if it is not there."""
    folder = work / f"{millions:g}m"
    users = round(millions * 1e6 / RATINGS_PER_USER)
    print(f"{millions:g} M, {users} users", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "peers/ratings.parquet").exists():
        made = run_alone(__file__, "make", directory=str(folder), users=users)
        print(f"  {made['ratings']} ratings made in {made['seconds']:.0f} s")
    return folder


def _fit(folder: Path, settings: dict[str, Any]) -> None:
    model = str(folder / "model")
    done = run_alone(__file__, "fit", directory=str(folder), model=model, settings=settings)
    peak = max(stage["peak_mb"] for stage in done["stages"].values())
    print(f"  all: {done['seconds']:.0f} s, peak {peak:.0f} MB")
    for name, stage in done["stages"].items():
        _print(f"  {name}", stage)


def _profiles(folder: Path, memory: str, peers: str | None) -> None:
    runs = {"DuckDB": run_alone(__file__, "profiles", directory=str(folder), memory=memory)}
    for peer in ("polars", "pandas") if peers else ():
        script = str(Path(__file__).with_name("scale_peers.py"))
        command = [str(peers), script, peer, str(folder / "peers")]
        runs[peer] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    for name, run in runs.items():
        _print(f"  profile stage, {name}", run)
        same = all(run[figure] == runs["DuckDB"][figure] for figure in ("cells", "ratings"))
        assert same, f"{name} counts other ratings"


def _mixture(folder: Path) -> None:
    model = str(folder / "model")
    ours = run_alone(__file__, "our_mixture", model=model)
    theirs = run_alone(__file__, "their_mixture", model=model)
    _print(f"  {EM_STEPS} steps of EM, ours", ours)
    _print(f"  {EM_STEPS} steps of EM, scikit-learn", theirs)
    print(f"  lower bounds differ by {abs(ours['bound'] - theirs['bound']):.1e}", flush=True)


def _print(name: str, run: dict[str, Any]) -> None:
    print(
        f"{name}: {run['seconds']:.1f} s, CPU {run['cpu_seconds']:.1f} s, "
        f"peak {run['peak_mb']:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
