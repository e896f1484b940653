from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.store import load_taste
from lacunar.taste.compare import compare_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.segments import update as segment_update
from lacunar.taste.to_json import comparison_document, segments_document


@pytest.fixture
def new_ratings(tmp_path: Path, sample_model: TasteModel) -> Path:
    """Three ratings: of a new user, and of a known user a rating that changes and a new film."""
    directory, item = tmp_path / "new", sample_model.ratings.items["item_id"][0]
    directory.mkdir()
    rows = [f"new,{item},5.0,2000000000", f"7,{item},1.0,2000000000", "7,new,1.0,2000000000"]
    text = "\n".join(["userId,movieId,rating,timestamp", *rows])
    (directory / "ratings.csv").write_text(text)
    (directory / "movies.csv").write_text("movieId,title,genres\nnew,New (2024),Drama\n")
    return directory


def update(*options: object) -> Result:
    return CliRunner().invoke(app, ["taste", "update", *map(str, options)])


def test_new_ratings_users_and_films_are_added(
    sample_model: TasteModel, sample_model_directory: Path, new_ratings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "newer"
    done = update(sample_model_directory, new_ratings, "-o", out)
    assert done.exit_code == 0, done.output
    for words in ("1 users and 1 film.", "Segments before (A) and after (B)", "Model written to"):
        assert words in done.stdout
    assert "another group" not in done.stdout
    assert max(map(len, done.stdout.splitlines()[:-1])) <= 80
    newer = load_taste(out)
    assert newer.ratings.n_users == sample_model.ratings.n_users + 1
    assert newer.ratings.items["title"].to_pylist()[-1] == "New (2024)"
    refused = update(sample_model_directory, new_ratings, "-o", out)
    assert isinstance(refused.exception, InputError)
    assert update(sample_model_directory, new_ratings, "-o", out, "--force").exit_code == 0


def test_json_has_what_was_added_and_the_segments(
    sample_model: TasteModel, sample_model_directory: Path, new_ratings: Path, tmp_path: Path
) -> None:
    done = update(sample_model_directory, new_ratings, "-o", tmp_path / "newer", "--json")
    assert done.stdout.count("\n") == 1
    document, newer = json.loads(done.stdout), load_taste(tmp_path / "newer")
    assert document["added"]["users"] == document["added"]["items"] == 1
    assert document["changes"] == comparison_document(compare_taste(sample_model, newer))
    assert segments_document(newer).items() <= document.items()


def test_old_ratings_change_nothing(
    sample_model_directory: Path, sample_directory: Path, tmp_path: Path
) -> None:
    done = update(sample_model_directory, sample_directory, "-o", tmp_path / "same")
    assert "Nothing is new" in done.stdout
    name = "manifest.json"
    same = (tmp_path / "same" / name).read_bytes()
    assert same == (sample_model_directory / name).read_bytes()


def test_ratings_of_unknown_films_are_counted(
    sample_model_directory: Path, new_ratings: Path, tmp_path: Path
) -> None:
    (new_ratings / "movies.csv").write_text("movieId,title,genres\nother,Other (2024),Drama\n")
    options = (sample_model_directory, new_ratings, "-o", tmp_path / "newer")
    done = update(*options)
    assert "Left out 1 ratings of films that neither" in " ".join(done.stderr.split())
    document = json.loads(update(*options, "--force", "--json").stdout)
    assert document["added"]["unknown_item_rows"] == 1


def test_new_names_are_printed(
    sample_model: TasteModel,
    sample_model_directory: Path,
    new_ratings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segment_update, "SAME_SEGMENT", 1.01)
    done = update(sample_model_directory, new_ratings, "-o", tmp_path / "newer")
    assert done.stdout.count("is another group") == sample_model.segments.n_segments


def test_models_are_compared(sample_model: TasteModel, sample_model_directory: Path) -> None:
    words = ["taste", "compare", str(sample_model_directory), str(sample_model_directory)]
    done = CliRunner().invoke(app, words)
    assert "Common users: 120." in done.stdout
    assert "1.00" in done.stdout
    document = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert document == comparison_document(compare_taste(sample_model, sample_model))
