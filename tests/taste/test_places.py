from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste import places
from lacunar.taste.model import TasteModel
from lacunar.taste.places import place_users, staged
from lacunar.taste.ratings import Ratings, read_ratings
from lacunar.taste.recommend.histories import histories_of


def test_users_of_the_log_are_placed_where_the_fit_put_them(
    sample_ratings: Ratings,
    sample_model: TasteModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "_USERS_PER_BATCH", 50)
    placed = place_users(sample_ratings, sample_model.placement.rule, tmp_path / "out")
    table = pq.read_table(tmp_path / "out")
    belongs = np.array(table["responsibilities"].to_pylist())
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert table["user_id"].combine_chunks().equals(sample_ratings.users)
    np.testing.assert_allclose(belongs, sample_model.segments.responsibilities, atol=1e-10)
    np.testing.assert_allclose(
        belongs, sample_model.placement.responsibilities(histories_of(sample_ratings)), atol=1e-10
    )
    assert table["segment"].to_pylist() == belongs.argmax(axis=1).tolist()
    assert table["probability"].to_pylist() == belongs.max(axis=1).tolist()
    assert placed.populations.tolist() == sample_model.segments.populations.tolist()
    assert placed.n_users == 120


def test_genres_go_by_name_and_strangers_get_the_weights(
    write_csv: Callable[..., Path], source_model: TasteModel, tmp_path: Path
) -> None:
    rule = replace(source_model.placement.rule, config=source_model.config)
    genre = rule.genres[-1]
    movies = f"movieId,title,genres\n1,A,Aardvarks|{genre}\n2,B,Aardvarks\n"
    ratings = read_ratings(write_csv("7,1,4.0,3", "8,2,4.0,3", movies=movies))
    placed = place_users(ratings, rule, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out").to_pylist()
    assert [row["known"] for row in rows] == [True, False]
    np.testing.assert_allclose(rows[1]["responsibilities"], rule.mixture.weights[0])
    assert placed.unknown == 1


def test_what_is_there_is_replaced_by_force_and_only_if_it_is_such_files(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with staged(path, force=False) as folder:
        (folder / "a.parquet").write_text("1")
        (folder / "_SUCCESS").write_text("")
        assert not path.exists()
    assert [file.name for file in path.iterdir()] == ["a.parquet"]
    with pytest.raises(InputError, match="name --force"), staged(path, force=False):
        pass
    with staged(path, force=True) as folder:
        (folder / "b.parquet").write_text("2")
    assert [file.name for file in path.iterdir()] == ["b.parquet"]
    (path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="got others"), staged(path, force=True):
        pass
    assert (path / "notes.txt").read_text() == "mine"


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with staged(tmp_path / "out", force=False) as folder:
            (folder / "a.parquet").write_text("1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_files_and_missing_parents_are_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="got a file"), staged(tmp_path / "file", force=True):
        pass
    with pytest.raises(InputError, match="parent"), staged(tmp_path / "a" / "b", force=True):
        pass
