from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.placement_files import place_users
from lacunar.taste.spark.log import SparkLog
from lacunar.taste.spark.placement import place_users_on_spark


def test_users_are_placed_as_they_are_here(
    sample_log: SparkLog, sample_ratings: Ratings, sample_model: TasteModel, tmp_path: Path
) -> None:
    rule = sample_model.placer.rule
    found = place_users_on_spark(sample_log, rule, tmp_path / "there")
    expected = place_users(sample_ratings, rule, tmp_path / "here")
    assert (found.populations == expected.populations).all()
    assert found.unknown == expected.unknown == 0
    one, other = pq.read_table(tmp_path / "there"), pq.read_table(tmp_path / "here")
    assert one.column_names == other.column_names
    for name in ("user_id", "segment", "known"):
        assert one[name].equals(other[name]), name
    for name in ("probability", "responsibilities"):
        np.testing.assert_allclose(
            np.array(one[name].to_pylist()), np.array(other[name].to_pylist()), rtol=0, atol=1e-10
        )
    files = sorted(path.name for path in (tmp_path / "there").iterdir())
    assert files == [f"part-{number:05}.parquet" for number in range(3)]
    with pytest.raises(InputError, match="pass `force` to replace them"):
        place_users_on_spark(sample_log, rule, tmp_path / "there")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["run[1]", "a b", "{a,b}*?", "é\\"])
def test_a_place_may_have_any_name(
    sample_log: SparkLog, sample_model: TasteModel, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    placed = place_users_on_spark(sample_log, sample_model.placer.rule, folder / name)
    assert len(pq.read_table(folder / name)) == placed.n_users == 120
    assert [path.name for path in folder.iterdir()] == [name]
