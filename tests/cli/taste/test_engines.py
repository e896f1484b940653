from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

BAD = {
    "unknown engine": (["--engine", "dask"], "--engine: expected duckdb or spark, got 'dask'"),
    "master alone": (["--master", "local[1]"], "--master: expected --engine spark with it"),
    "memory of a cluster": (
        ["--engine", "spark", "--memory-limit", "1GB"],
        "--memory-limit: expected --engine duckdb with it, got spark",
    ),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD.keys())
def test_an_unknown_engine_is_refused(
    run: Run, sample_directory: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    done = run("taste", "fit", sample_directory, "-o", tmp_path / "m", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "m").exists()


def test_spark_without_java_is_refused_before_anything_is_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="needs the extra spark")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    done = run("taste", "fit", tmp_path / "nowhere", "-o", tmp_path / "m", "--engine", "spark")
    assert done.returncode == 2
    assert "expected Java 17 or newer, which Spark needs, got none" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_an_invalid_master_gets_one_sentence(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    options = ["--engine", "spark", "--master", "nonsense"]
    done = run("taste", "fit", sample_directory, "-o", tmp_path / "m", *options)
    assert done.returncode == 2
    assert "--master: expected a Spark master that answers, got 'nonsense'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_fit_on_spark_gives_the_same_bytes(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    options = ["--max-components", 2, "--n-seeds", 2, "--json"]
    for engine in ("duckdb", "spark"):
        path = tmp_path / engine
        done = run("-q", "taste", "fit", sample_directory, "-o", path, "--engine", engine, *options)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    manifests = [
        json.loads((tmp_path / engine / "manifest.json").read_text())
        for engine in ("duckdb", "spark")
    ]
    assert manifests[0]["files"] == manifests[1]["files"]
    assert manifests[0]["fingerprint"] == manifests[1]["fingerprint"]
