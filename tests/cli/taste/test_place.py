from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_everybody_is_placed_and_counted(
    run: Run, model: Path, sample_directory: Path, tmp_path: Path
) -> None:
    out = tmp_path / "places"
    done = run("taste", "place", model, sample_directory, "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert document["users"] == pq.read_table(out).num_rows == 120
    assert sum(segment["users"] for segment in document["segments"]) == 120
    assert document["unknown_users"] == 0
    assert document["unknown_genres"] == []
    assert document["intake"]["repeated"] == 0
    again = run("taste", "place", model, sample_directory, "-o", out)
    assert again.returncode == 2
    assert "--force" in again.stderr
    forced = run("taste", "place", model, sample_directory, "-o", out, "--force")
    assert "Users written to" in forced.stdout
    assert all(len(line) <= 80 for line in forced.stdout.splitlines()[:-1])


def test_unknown_genres_users_and_films_are_printed(
    run: Run, model: Path, write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    data = write_csv("1,1,4.0,3", "1,9,4.0,3", movies="movieId,title,genres\n1,A,Aardvarks\n")
    out = tmp_path / "places"
    messages = " ".join(run("taste", "place", model, data, "-o", out).stderr.split())
    assert "Genres unknown to the model: Aardvarks" in messages
    assert "1 users without known genres" in messages
    assert "Left out 1 ratings of 1 film " in messages


@pytest.mark.slow
def test_spark_places_as_duckdb_does(
    run: Run, model: Path, sample_directory: Path, tmp_path: Path
) -> None:
    for engine in ("duckdb", "spark"):
        options = ["-o", tmp_path / engine, "--engine", engine, "--json"]
        done = run("-q", "taste", "place", model, sample_directory, *options)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    one, other = (pq.read_table(tmp_path / engine) for engine in ("duckdb", "spark"))
    assert one["user_id"].equals(other["user_id"])
    assert one["segment"].equals(other["segment"])
