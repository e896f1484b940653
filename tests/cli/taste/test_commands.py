from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit import fit_taste

Run = Callable[..., subprocess.CompletedProcess[str]]


def only_json(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_json_is_the_only_thing_on_stdout(run: Run, model: Path) -> None:
    assert only_json(run("taste", "segments", model, "--json"))["users"] == 120
    assert only_json(run("taste", "user", model, "--user", 7, "--json"))["user"] == 7
    found = only_json(run("taste", "recommend", model, "--user", 7, "--top", 4, "--json"))
    assert len(found["items"]) == 4  # type: ignore[arg-type]  # checked by the call


def test_people_get_tables_and_sentences(run: Run, model: Path) -> None:
    assert "users" in run("taste", "segments", model).stdout
    assert "ratings" in run("taste", "user", model, "--user", 7).stdout
    recommended = run("taste", "recommend", model, "--user", 7, "--by", "segment").stdout
    assert "users of the segment rated it above" in recommended


def test_lines_fit_eighty_columns(run: Run, model: Path) -> None:
    for arguments in (["segments", model], ["user", model, "--user", 7], ["--help"]):
        for line in run("taste", *arguments).stdout.splitlines():
            assert len(line) <= 80, line


def test_fitting_with_json_describes_the_segments(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    options = ["--max-components", 2, "--n-seeds", 2, "--json"]
    document = only_json(run("taste", "fit", sample_directory, "-o", tmp_path / "m", *options))
    assert document["model"] == str(tmp_path / "m")
    assert "segments" in document


def test_a_report_is_written_once_and_again_by_force(run: Run, model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("taste", "report", model, "-o", page, "--user", 7).returncode == 0
    assert "<html" in page.read_text()
    again = run("taste", "report", model, "-o", page)
    assert again.returncode == 2
    assert "--force" in again.stderr
    told = only_json(run("taste", "report", model, "-o", page, "--force", "--json"))
    assert told == {"file": str(page), "bytes": page.stat().st_size}


BAD = {
    "unknown user": (["recommend", "MODEL", "--user", "no"], "such as 1, got 'no'"),
    "no model": (["segments", "DATA"], "expected a model directory"),
    "no data": (["fit", "nowhere", "-o", "OUT"], "got no such directory"),
    "model in place": (["fit", "DATA", "-o", "MODEL"], "pass --force to replace it"),
    "no parent": (["fit", "DATA", "-o", "OUT/deep"], "expected an existing parent directory"),
    "unknown gaps": (["fit", "DATA", "-o", "OUT", "--gaps", "x"], "--gaps: "),
    "no seeds": (["fit", "DATA", "-o", "OUT", "--n-seeds", "0"], "--n-seeds: "),
    "unknown preset": (["fit", "DATA", "-o", "OUT", "--preset", "x"], "--preset: "),
    "unknown view": (["fit", "DATA", "-o", "OUT", "--view", "x"], "expected a view of means"),
    "noise of filled gaps": (["fit", "DATA", "-o", "OUT", "--gaps", "zero"], "noise needs gaps"),
    "odd memory": (["fit", "DATA", "-o", "OUT", "--memory-limit", "x"], "expected a memory limit"),
    "large sample": (
        ["fit", "DATA", "-o", "OUT", "--sample-users", "30000"],
        "expected sample_users of at most search_users",
    ),
    "file for checkpoints": (
        ["fit", "DATA", "-o", "OUT", "--checkpoint", "DATA/ratings.csv"],
        "--checkpoint: expected a place for a directory",
    ),
    "odd scale": (["fit", "DATA", "-o", "OUT", "--scale", "5"], "expected a rating scale"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD.keys())
def test_bad_input_ends_with_one_sentence_and_status_2(
    run: Run,
    model: Path,
    sample_directory: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    places = {"MODEL": model, "DATA": sample_directory, "OUT": tmp_path / "out"}
    named = [
        str(places[word.split("/")[0]]) + word.removeprefix(word.split("/")[0])
        if word.split("/")[0] in places
        else word
        for word in arguments
    ]
    done = run("taste", *named)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_report_takes_an_evaluation_of_its_own_log_alone(
    run: Run, model: Path, sample_directory: Path, tmp_path: Path
) -> None:
    found = tmp_path / "evaluation.json"
    options = ["--method", "popularity", "--seeds", 1, "-o", found]
    assert run("taste", "evaluate", sample_directory, *options).returncode == 0
    page = tmp_path / "page.html"
    done = run("taste", "report", model, "-o", page, "--evaluation", found)
    assert done.returncode == 0, done.stderr
    assert "How good the recommendations are" in page.read_text()
    document = json.loads(found.read_text())
    found.write_text(json.dumps(document | {"fingerprint": "another"}))
    refused = run("taste", "report", model, "-o", tmp_path / "no.html", "--evaluation", found)
    assert refused.returncode == 2
    assert "expected an evaluation of the model's log" in " ".join(refused.stderr.split())
    assert not (tmp_path / "no.html").exists()


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
    assert "Going on with what the checkpoint holds: mixtures, profiles, refits." in done.stderr
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
    assert "No times of ratings: of repeated ones the higher counts." in done.stderr
    refused = run("taste", "evaluate", shop, "--protocol", "global-time")
    assert refused.returncode == 2
    assert "expected ratings of different times" in refused.stderr
