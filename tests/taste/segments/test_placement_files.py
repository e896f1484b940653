from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.segments import placement_files
from lacunar.taste.segments.placement_files import place_users


def test_users_of_the_log_get_their_segments_of_the_fit(
    sample_ratings: Ratings,
    sample_model: TasteModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placement_files, "USERS_PER_FILE", 50)
    placed = place_users(sample_ratings, sample_model.placer.rule, tmp_path / "out")
    table = pq.read_table(tmp_path / "out")
    belongs = np.array(table["responsibilities"].to_pylist())
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert table["user_id"].combine_chunks().equals(sample_ratings.users)
    np.testing.assert_allclose(belongs, sample_model.segments.responsibilities, atol=1e-10)
    np.testing.assert_allclose(
        belongs, sample_model.placer.responsibilities(histories_of(sample_ratings)), atol=1e-10
    )
    assert table["segment"].to_pylist() == belongs.argmax(axis=1).tolist()
    assert table["probability"].to_pylist() == belongs.max(axis=1).tolist()
    assert placed.populations.tolist() == sample_model.segments.populations.tolist()
    assert placed.n_users == 120


def test_genres_match_by_name_and_unknown_users_get_the_weights(
    write_csv: Callable[..., Path], source_model: TasteModel, tmp_path: Path
) -> None:
    rule = replace(source_model.placer.rule, config=source_model.config)
    genre = rule.genres[-1]
    movies = f"movieId,title,genres\n1,A,Aardvarks|{genre}\n2,B,Aardvarks\n"
    ratings = read_ratings(write_csv("7,1,4.0,3", "8,2,4.0,3", movies=movies))
    placed = place_users(ratings, rule, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out").to_pylist()
    assert [row["known"] for row in rows] == [True, False]
    np.testing.assert_allclose(rows[1]["responsibilities"], rule.mixture.weights[0])
    assert placed.unknown == 1
