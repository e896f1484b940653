from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_lines_fit_eighty_columns(run: Run, model: Path) -> None:
    for arguments in (["segments", model], ["user", model, "--user", 7], ["--help"]):
        for line in run("taste", *arguments).stdout.splitlines():
            assert len(line) <= 80, line


BAD = {
    "unknown user": (["recommend", "MODEL", "--user", "no"], "such as 1, got 'no'"),
    "no model": (["segments", "DATA"], "expected a model directory"),
    "no data": (["fit", "nowhere", "-o", "OUT"], "got no such directory"),
    "model in place": (["fit", "DATA", "-o", "MODEL"], "pass --force to replace it"),
    "no parent": (["fit", "DATA", "-o", "OUT/deep"], "expected an existing parent directory"),
    "unknown covariance": (["fit", "DATA", "-o", "OUT", "--covariance", "x"], "--covariance: "),
    "no rating is a like": (
        ["fit", "DATA", "-o", "OUT", "--liked-above", "9", "--max-components", "1"],
        "--liked-above: ",
    ),
    "unknown gaps": (["fit", "DATA", "-o", "OUT", "--gaps", "x"], "--gaps: "),
    "no seeds": (["fit", "DATA", "-o", "OUT", "--n-seeds", "0"], "--n-seeds: "),
    "unknown preset": (["fit", "DATA", "-o", "OUT", "--preset", "x"], "--preset: "),
    "unknown view": (["fit", "DATA", "-o", "OUT", "--view", "x"], "expected a view of means"),
    "noise of filled gaps": (
        ["fit", "DATA", "-o", "OUT", "--gaps", "zero"],
        "--noise needs --gaps keep",
    ),
    "odd memory": (["fit", "DATA", "-o", "OUT", "--memory-limit", "x"], "expected a memory limit"),
    "large sample": (
        ["fit", "DATA", "-o", "OUT", "--sample-users", "30000"],
        "expected --sample-users of at most --search-users",
    ),
    "file for checkpoints": (
        ["fit", "DATA", "-o", "OUT", "--checkpoint", "DATA/ratings.csv"],
        "--checkpoint: expected the path of a directory",
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
    stages = ("ratings ...",)
    assert len([x for x in done.stderr.strip().splitlines() if x not in stages]) == 1
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def test_data_in_which_nothing_is_liked_names_the_options(run: Run, tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,A [/b] (1999),[/x]War\n2,B,Spy\n")
    rows = "".join(f"{user},{film},1,{user}\n" for user in range(1, 5) for film in (1, 2))
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}")
    options = ["--max-components", 1, "--n-seeds", 2, "--force"]
    for json in ([], ["--json"]):
        done = run("taste", "fit", tmp_path, "-o", tmp_path / "model", *options, *json)
        assert done.returncode == 0, done.stderr
        assert "No rating is a like: the highest is 1, and --liked-above is 3.5" in done.stderr
        assert "pass the --scale of the data" in done.stderr
        assert "`" not in done.stderr
    done = run("taste", "segments", tmp_path / "model")
    assert "[/x]War" in done.stdout, done.stderr
    for odd in ("5:1", "abc", "1:5:0", "1:5:nan"):
        done = run("taste", "fit", tmp_path, "-o", tmp_path / "out", "--scale", odd)
        assert done.stderr == (
            f"lacunar: --scale: expected a rating scale MIN:MAX or MIN:MAX:STEP, got {odd!r}\n"
        )
