"""Spark compared with one machine on the same log: time of each step, difference of results.

Run: ``python benchmarks/scale_spark.py --work DIR [--millions 1 3.3] [--master local[2]]``; DIR may
be that of ``scale_tastes.py``, whose logs are used. Both sides read, group, build the view, take EM
steps over all users, place all users and recommend films to all; the results are
compared number by number. Needs the extra ``spark`` and Java. Spark's own start is not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import describe_machine, run_alone
from scale_tastes import make_log

STEPS = 5


class Clock:
    """Seconds of steps by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def mixture(directory: str, out: str) -> dict[str, Any]:
    """A mixture of a sample of the users, the start on both sides."""
    from lacunar.store import save_taste
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.fit import fit_taste

    config = TasteConfig(
        min_components=6, max_components=6, n_seeds=4, refits=0, map_users=10, search_users=2000,
        sample_users=2000, max_iter=5,
    )  # fmt: skip
    model = fit_taste(read_ratings(Path(directory)), config)
    save_taste(model, Path(out) / "model", force=True)
    return {"k": model.segments.n_segments}


def here(directory: str, out: str) -> dict[str, Any]:
    """On one machine, with DuckDB."""
    from lacunar.mixture.chunked import LocalExpectation
    from lacunar.mixture.data import MixtureData
    from lacunar.store import load_taste
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.features.genre_profiles import genre_profiles
    from lacunar.taste.features.release_periods import period_counts
    from lacunar.taste.features.views import build_view
    from lacunar.taste.recommend.list_files import write_recommendations
    from lacunar.taste.recommend.list_request import ListRequest
    from lacunar.taste.segments.placement_files import place_users

    model, clock = load_taste(Path(out) / "model"), Clock()
    with clock("ratings"):
        ratings = read_ratings(Path(directory))
    with clock("profiles and view"):
        profiles, periods = genre_profiles(ratings), period_counts(ratings)
        view = build_view(model.config.view, profiles, periods)
        rows = LocalExpectation(MixtureData(view.values, view.noise), "diag")
    _steps(rows, model, clock, Path(out) / "here.npz", profiles)
    with clock("places"):
        place_users(ratings, model.placer.rule, Path(out) / "here", force=True)
    with clock("lists"):
        write_recommendations(
            Path(out) / "here.parquet", model.recommender(), model.ratings, ListRequest()
        )
    return clock.seconds


def there(directory: str, out: str, master: str) -> dict[str, Any]:
    """On Spark."""
    from lacunar.store import load_taste, taste_log
    from lacunar.taste.features.genre_profiles import genre_profiles
    from lacunar.taste.recommend.list_request import ListRequest
    from lacunar.taste.spark.expectation import SparkExpectation
    from lacunar.taste.spark.features import spark_rows
    from lacunar.taste.spark.log import read_log
    from lacunar.taste.spark.placement import place_users_on_spark
    from lacunar.taste.spark.recommendations import recommend_all_on_spark
    from lacunar.taste.spark.session import spark_session

    model, clock = load_taste(Path(out) / "model"), Clock()
    with spark_session(master) as session:
        with clock("ratings"):
            log = read_log(session, Path(directory))
        with clock("fetching the log"):
            ratings = log.collect()
        with clock("profiles and view"):
            rows = SparkExpectation(spark_rows(log, model.config), "diag")
        profiles = genre_profiles(ratings, engine=log.engine(ratings), chunked=False)
        _steps(rows, model, clock, Path(out) / "there.npz", profiles)
        with clock("places"):
            place_users_on_spark(log, model.placer.rule, Path(out) / "there", force=True)
        with clock("lists"):
            recommend_all_on_spark(
                session,
                taste_log(Path(out) / "model"),
                model.recommender(),
                model.ratings,
                ListRequest(),
                Path(out) / "there-lists",
                force=True,
            )
    return clock.seconds


def _steps(rows: Any, model: Any, clock: Clock, file: Path, profiles: Any) -> None:
    import numpy as np

    from lacunar.mixture.em import m_step

    current = model.segments.mixture.moved_by(-rows.origin)
    bounds = []
    with clock(f"{STEPS} EM steps"):
        for _ in range(STEPS):
            bound, sums = rows.statistics(current)
            bounds.append(bound)
            current = m_step(sums, 1e-6)
    np.savez(
        file,
        bounds=np.array(bounds),
        responsibilities=rows.responsibilities(current.moved_by(rows.origin)),
        counts=profiles.counts,
        means=profiles.means,
    )


def differences(out: str) -> dict[str, Any]:
    """The largest differences between the results of both sides."""
    import numpy as np
    import pyarrow.parquet as pq

    folder = Path(out)
    one, other = (dict(np.load(folder / f"{side}.npz")) for side in ("here", "there"))
    found = {
        name: float(np.nanmax(np.abs(one[name] - other[name].reshape(one[name].shape))))
        for name in one
    }
    places = [pq.read_table(folder / side) for side in ("here", "there")]
    lists = [pq.read_table(folder / name) for name in ("here.parquet", "there-lists")]
    return found | {
        "users in other segments": _unequal(*places, "segment"),
        "places in lists with other films": _unequal(*lists, "item_id"),
    }


def _unequal(one: Any, other: Any, column: str) -> int:
    import pyarrow.compute as pc

    assert one["user_id"].equals(other["user_id"])
    unequal = pc.not_equal(one[column].combine_chunks(), other[column].combine_chunks())
    return int(pc.sum(unequal).as_py())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where data and results go")
    parser.add_argument("--millions", type=float, nargs="+", default=[1.0, 3.3])
    parser.add_argument("--master", default="local[2]")
    chosen = parser.parse_args()
    print(describe_machine("duckdb", "numpy", "pyarrow", "pyspark"))
    for millions in chosen.millions:
        folder = make_log(chosen.work, millions)
        out = folder / "spark"
        out.mkdir(exist_ok=True)
        both = {"directory": str(folder), "out": str(out)}
        run_alone(__file__, "mixture", **both)
        runs = [
            run_alone(__file__, "here", **both),
            run_alone(__file__, "there", **both, master=chosen.master),
        ]
        for name in runs[1]:
            if name != "peak_mb":
                here_, there_ = (f"{run.get(name, 0):.1f}" for run in runs)
                print(f"  {name}: {here_} s here, {there_} s on {chosen.master}", flush=True)
        for name, value in run_alone(__file__, "differences", out=str(out)).items():
            if name != "peak_mb":
                print(f"  largest difference, {name}: {value:.1e}", flush=True)


if __name__ == "__main__":
    main()
