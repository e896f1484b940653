from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.config import RecommenderName
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_files import recommend_all
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.spark.recommendations import recommend_all_on_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Number of most rated films to recommend from; some users have rated all of them.
FEW = 3


@pytest.fixture(scope="module")
def log(sample_model: TasteModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log as a file, with rows in random order."""
    path = tmp_path_factory.mktemp("log") / "ratings.parquet"
    rows = sample_model.ratings.log
    pq.write_table(rows.take(np.random.default_rng(0).permutation(len(rows))), path)
    return path


@pytest.mark.parametrize(
    ("by", "controls"),
    [
        ("personal", Controls()),
        ("personal", Controls(adventure=0.3, diversity=0.4)),
        ("segment", Controls(favourites=0.5)),
        ("posterior", Controls()),
        ("popularity", Controls()),
    ],
)
def test_lists_are_those_made_here(
    spark: SparkSession,
    sample_model: TasteModel,
    log: Path,
    tmp_path: Path,
    by: RecommenderName,
    controls: Controls,
) -> None:
    request = ListRequest(k=5, by=by, controls=controls)
    ratings, asked = sample_model.ratings, sample_model.recommender_for(request)
    rows = recommend_all_on_spark(
        spark, log, asked, ratings, request, tmp_path / "out", users_per_partition=50
    )
    found = pq.read_table(tmp_path / "out")
    expected = pa.concat_tables(recommend_all(asked, ratings, request))
    assert rows == len(found) == len(expected)
    assert found.schema == expected.schema
    for name in ("user_id", "rank", "item_id"):
        assert found[name].equals(expected[name]), name
    np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-12)
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_who_has_seen_every_candidate_has_no_row(
    spark: SparkSession, sample_model: TasteModel, log: Path, tmp_path: Path
) -> None:
    ratings, asked = sample_model.ratings, sample_model.recommender("popularity")
    most = np.argsort(-ratings.ratings_per_item)[:FEW]
    allow = tuple(str(ratings.items["item_id"][i]) for i in most)
    request = ListRequest(k=1, allow=allow)
    recommend_all_on_spark(spark, log, asked, ratings, request, tmp_path / "out")
    found = pq.read_table(tmp_path / "out")
    assert 0 < len(found) < ratings.n_users
    with pytest.raises(InputError, match="pass `force`"):
        recommend_all_on_spark(spark, log, asked, ratings, request, tmp_path / "out")


def test_workers_are_not_sent_the_log(
    spark: SparkSession,
    sample_model: TasteModel,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    inner = spark.sparkContext.broadcast

    def broadcast(task: object) -> object:
        made.append(task)
        return inner(task)

    monkeypatch.setattr(spark.sparkContext, "broadcast", broadcast)
    ratings, asked = sample_model.ratings, sample_model.recommender("personal")
    recommend_all_on_spark(spark, log, asked, ratings, ListRequest(k=1), tmp_path / "out")
    [sent] = made
    assert (sent.films.n_users, len(sent.films.log), sent.films.n_items) == (0, 0, 300)
    assert (sent.films.scale, sent.films.genres) == (ratings.scale, ratings.genres)
    assert len(vars(asked)["_films"].log) == 0
