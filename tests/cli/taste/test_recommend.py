from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def found(run: Run, model: Path, *arguments: object) -> dict[str, Any]:
    done = run("taste", "recommend", model, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def titles(document: dict[str, Any]) -> list[str]:
    return [item["title"] for item in document["items"]]


@pytest.mark.parametrize("by", ["popularity", "segment", "posterior", "personal"])
def test_each_recommender_can_be_named(run: Run, model: Path, by: str) -> None:
    document = found(run, model, "--user", 7, "--by", by, "--top", 3)
    assert document["by"] == by
    assert len(document["items"]) == 3
    for item in document["items"]:
        assert sum(item["parts"].values()) == pytest.approx(item["score"], abs=1e-9)
        assert item["reasons"]


def test_a_new_user_is_described_by_ratings(run: Run, model: Path) -> None:
    first = found(run, model, "--user", 7)["items"]
    rates = [f"--rate={item['item']}=5" for item in first[:2]]
    document = found(run, model, *rates)
    assert document["user"] is None
    assert document["ratings"] == 2
    assert not {item["title"] for item in first[:2]} & set(titles(document))
    text = run("taste", "recommend", model, *rates).stdout
    assert "A new user is in segment" in text
    assert "ratings known: 2" in " ".join(text.split())
    assert f"you rated {first[0]['title']} 5" in " ".join(text.split())


def test_more_ratings_of_a_known_user_count(run: Run, model: Path) -> None:
    own = found(run, model, "--user", 7)
    more = found(run, model, "--user", 7, f"--rate={own['items'][0]['item']}=5")
    assert (more["user"], more["ratings"]) == (7, own["ratings"] + 1)
    assert titles(own)[0] not in titles(more)


def test_filters_narrow_the_list(run: Run, model: Path) -> None:
    free = found(run, model, "--user", 7, "--top", 20)
    narrow = found(
        run, model, "--user", 7, "--genre", "Drama", "--years", "1980:2005",
        "--deny", free["items"][0]["item"],
    )  # fmt: skip
    assert narrow["items"]
    assert all("Drama" in item["genres"] for item in narrow["items"])
    assert titles(free)[0] not in titles(narrow)
    only = found(run, model, "--user", 7, "--allow", free["items"][4]["item"])
    assert titles(only) == titles(free)[4:5]


def test_controls_change_the_list(run: Run, model: Path) -> None:
    plain = titles(found(run, model, "--user", 7, "--top", 10))
    for control in ("--adventure", "--favourites", "--diversity"):
        document = found(run, model, "--user", 7, "--top", 10, control, "0.9")
        assert titles(document) != plain
        for item in document["items"]:
            assert sum(item["parts"].values()) == pytest.approx(item["score"], abs=1e-9)


def test_films_seen_can_be_included(run: Run, model: Path) -> None:
    document = found(run, model, "--user", 7, "--include-seen", "--top", 300, "--by", "popularity")
    unseen = found(run, model, "--user", 7, "--top", 300, "--by", "popularity")
    assert len(document["items"]) == len(unseen["items"]) + document["ratings"]


BAD = {
    "rated twice": (["--rate", "2=5", "--rate", "2=1"], "expected one rating of item 2, got"),
    "no years": (["--user", "7", "--years", "\u00b2:1999"], "--years: expected FIRST:LAST"),
    "no such rule": (["--by", "magic"], "--by: expected one of popularity, segment,"),
    "no stars": (["--rate", "2"], "--rate: expected ITEM=RATING, such as 318=4.5, got '2'"),
    "words for stars": (["--rate", "2=good"], "--rate: expected ITEM=RATING"),
    "off the scale": (["--rate", "2=7"], "film 2: expected a rating of 0.5 to 5"),
    "no such film": (["--rate", "none=4"], "expected the id of one of 300 films"),
    "no such genre": (["--user", "7", "--genre", "Opera"], "got 'Opera'"),
    "one year": (["--user", "7", "--years", "1990"], "--years: expected FIRST:LAST"),
    "years reversed": (["--user", "7", "--years", "1999:1990"], "years from first to last"),
    "all and one": (["--user", "7", "--all", "-o", "x"], "expected --all, or a user by"),
    "all without a file": (["--all"], "expected --all and the file to write, --out, together"),
    "a file without all": (["--user", "7", "-o", "x"], "expected --all and the file to write"),
    "one user on a cluster": (["--user", "7", "--engine", "spark"], "expected spark with --all"),
    "too adventurous": (["--user", "7", "--adventure", "2"], "--adventure: expected 0 to 1"),
    "adventure of a rule": (
        ["--user", "7", "--by", "segment", "--adventure", ".5"],
        "--adventure: expected the recommender personal, got segment",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_sentence(run: Run, model: Path, case: str) -> None:
    arguments, sentence = BAD[case]
    done = run("taste", "recommend", model, *arguments)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_lines_fit_eighty_columns(run: Run, model: Path) -> None:
    for arguments in (["--user", 7], ["--user", 7, "--by", "segment"], ["--help"]):
        for line in run("taste", "recommend", model, *arguments).stdout.splitlines():
            assert len(line) <= 80, line


def test_all_users_get_a_file_once_and_again_by_force(
    run: Run, model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "lists.parquet"
    document = found(run, model, "--all", "-o", path, "--top", 3)
    assert document == {"file": str(path), "users": 120, "rows": 360, "by": "personal"}
    lists = pq.ParquetFile(path).read(use_threads=False).to_pylist()
    one = [item["item"] for item in found(run, model, "--user", 7, "--top", 3)["items"]]
    assert [row["item_id"] for row in lists if row["user_id"] == 7] == one
    again = run("taste", "recommend", model, "--all", "-o", path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    done = run("taste", "recommend", model, "--all", "-o", path, "--force")
    assert "600 recommendations for 120 users written to" in done.stdout


@pytest.mark.slow
def test_spark_writes_the_lists_of_one_machine(run: Run, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="needs the extra spark")
    here, there = tmp_path / "lists.parquet", tmp_path / "lists"
    options = ["--all", "--top", 3, "--diversity", 0.3, "--genre", "Drama"]
    expected = found(run, model, *options, "-o", here)
    document = found(run, model, *options, "-o", there, "--engine", "spark")
    assert document == expected | {"file": str(there)}
    assert pq.read_table(there).equals(pq.read_table(here))
    again = run("taste", "recommend", model, *options, "-o", there, "--engine", "spark")
    assert again.returncode == 2
    assert "pass --force to replace them" in " ".join(again.stderr.split())


def test_the_suffix_decides_the_format_of_all_lists(run: Run, model: Path, tmp_path: Path) -> None:
    whole = run("taste", "recommend", model, "--all", "--top", 2, "-o", tmp_path / "a.csv")
    assert whole.returncode == 0, whole.stderr
    written = (tmp_path / "a.csv").read_text()
    assert written.startswith("user_id,rank,item_id,score\n")
    shown = run("-q", "taste", "recommend", model, "--all", "--top", 2, "-o", "-")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, written, "")
    refused = run("taste", "recommend", model, "--all", "-o", tmp_path / "a.xlsx")
    assert refused.returncode == 2
    assert "expected a file ending in .csv, .json, .jsonl, .parquet" in refused.stderr
