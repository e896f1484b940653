from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacunar.taste.checkpoint import finished
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.spark.expectation import SparkExpectation
from lacunar.taste.spark.fit import fit_taste_on_spark
from lacunar.taste.spark.log import SparkLog

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("search_users", [100, 120])
def test_a_model_is_the_same_wherever_it_was_fitted(
    sample_log: SparkLog,
    sample_ratings: Ratings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    search_users: int,
) -> None:
    asked = []
    inner = SparkExpectation.statistics

    def counted(rows: SparkExpectation, parameters: object) -> object:
        asked.append(parameters)
        return inner(rows, parameters)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(SparkExpectation, "statistics", counted)
    config = TasteConfig(
        min_components=2, max_components=3, n_seeds=3, max_iter=8, refits=0, map_users=10,
        search_users=search_users, sample_users=60,
    )  # fmt: skip
    found = fit_taste_on_spark(sample_log, config, checkpoint_dir=tmp_path)
    expected = fit_taste(sample_ratings, config)
    # With at most search_users users, the search covers all users and no EM follows on Spark.
    assert bool(asked) == ("all-users" in finished(tmp_path)) == (search_users < 120)
    np.testing.assert_array_equal(found.profiles.counts, expected.profiles.counts)
    np.testing.assert_array_equal(found.near_best_labels, expected.near_best_labels)
    one, other = found.segments, expected.segments
    assert one.names == other.names
    np.testing.assert_allclose(one.responsibilities, other.responsibilities, rtol=0, atol=1e-8)
    np.testing.assert_allclose(one.mixture.means, other.mixture.means, rtol=0, atol=1e-8)
    assert found.tuning == expected.tuning
