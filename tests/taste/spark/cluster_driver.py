"""Driver program of the cluster test: MASTER DATA OUT.

It runs in its own process, since a process can have only one Spark session.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from lacunar.mixture.parameters import MixtureParameters
from lacunar.store import save_taste, taste_log
from lacunar.taste.config import TasteConfig
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.spark.expectation import SparkExpectation
from lacunar.taste.spark.features import spark_rows
from lacunar.taste.spark.fit import fit_taste_on_spark
from lacunar.taste.spark.log import read_log
from lacunar.taste.spark.placement import place_users_on_spark
from lacunar.taste.spark.recommendations import recommend_all_on_spark
from lacunar.taste.spark.session import spark_session

USERS_PER_FILE = 20
STEPS = 12
CONFIG = TasteConfig(
    min_components=2, max_components=2, n_seeds=3, max_iter=4, refits=0, map_users=10,
    search_users=100, sample_users=60,
)  # fmt: skip


def some_mixtures(n_columns: int) -> MixtureParameters:
    """Three mixtures of four components around the origin."""
    rng = np.random.default_rng(0)
    return MixtureParameters(
        rng.dirichlet(np.ones(4), size=3),
        rng.normal(scale=0.1, size=(3, 4, n_columns)),
        rng.uniform(0.01, 0.02, size=(3, 4, n_columns)),
    )


def main(master: str, data: Path, out: Path) -> None:
    with spark_session(master) as session:
        log = read_log(session, data, users_per_partition=USERS_PER_FILE)
        model = fit_taste_on_spark(log, CONFIG)
        save_taste(model, out / "model")
        place_users_on_spark(log, model.placer.rule, out / "places")
        recommend_all_on_spark(
            session,
            taste_log(out / "model"),
            model.recommender(),
            model.ratings,
            ListRequest(k=5),
            out / "lists",
            users_per_partition=USERS_PER_FILE,
        )
        rows = SparkExpectation(spark_rows(log, CONFIG), "diag")
        mixtures = some_mixtures(len(rows.origin))
        for step in range(STEPS):
            print(f"step {step}", flush=True)
            bound, sums = rows.statistics(mixtures)
            np.savez(out / f"step-{step}.npz", bound=bound, mass=sums.mass, second=sums.second)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
