from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit import fit_taste

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_fitting_with_json_describes_the_segments(
    run_json: Callable[..., dict[str, Any]], sample_directory: Path, tmp_path: Path
) -> None:
    options = ["--max-components", 2, "--n-seeds", 2]
    document = run_json("taste", "fit", sample_directory, "-o", tmp_path / "m", *options)
    assert document["model"] == str(tmp_path / "m")
    assert "segments" in document


def test_k_is_the_number_of_segments(
    run: Run, run_json: Callable[..., dict[str, Any]], sample_directory: Path, tmp_path: Path
) -> None:
    document = run_json(
        "taste", "fit", sample_directory, "-o", tmp_path / "m", "--k", 3, "--n-seeds", 2
    )
    assert len(document["segments"]) == 3
    both = ["--k", 3, "--max-components", 4]
    refused = run("taste", "fit", sample_directory, "-o", tmp_path / "n", *both)
    assert refused.returncode == 2
    assert "--k: expected it without --min-components and --max-components" in refused.stderr
    too_few = run("taste", "fit", sample_directory, "-o", tmp_path / "n", "--k", 0)
    assert too_few.returncode == 2
    assert not (tmp_path / "n").exists()


def test_a_killed_fit_goes_on_from_its_checkpoint_and_leaves_none(
    run: Run, model: Path, sample_ratings: Ratings, sample_directory: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    config = TasteConfig(min_components=3, max_components=3, n_seeds=4)

    def dies(stage: str, done: int, total: int) -> None:
        if stage == "map":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_taste(sample_ratings, config, checkpoint_dir=checkpoint, progress=dies)
    options = ["--min-components", 3, "--max-components", 3, "--n-seeds", 4]
    output = tmp_path / "m"
    done = run("taste", "fit", sample_directory, "-o", output, *options, "--resume", checkpoint)
    assert done.returncode == 0, done.stderr
    assert "Continuing with stages of the checkpoint: mixtures, profiles, refits." in done.stderr
    assert not checkpoint.exists()
    for file in model.iterdir():
        assert file.read_bytes() == (output / file.name).read_bytes(), file.name


def test_a_log_without_times_under_other_names_is_fitted_and_says_so(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    shop = tmp_path / "à moi"
    shop.mkdir()
    rows = (sample_directory / "ratings.csv").read_text(encoding="utf-8").splitlines()[1:]
    stars = "\r\n".join(["who,what,stars", *(row.rpartition(",")[0] for row in rows)])
    (shop / "stars.csv").write_text(stars, encoding="utf-8-sig", newline="")
    shutil.copy(sample_directory / "movies.csv", shop)
    names = 'file = "stars.csv"\nuser = "who"\nitem = "what"\nrating = "stars"\n'
    (shop / "ratings.toml").write_text(f"[ratings]\n{names}", encoding="utf-8")
    options = ["--max-components", 2, "--n-seeds", 2]
    done = run("taste", "fit", shop, "-o", tmp_path / "m", *options)
    assert done.returncode == 0, done.stderr
    assert "Ratings have no times: of repeated ratings, the highest is used." in done.stderr
    refused = run("taste", "evaluate", shop, "--protocol", "global-time")
    assert refused.returncode == 2
    assert "expected ratings of different times" in refused.stderr
