from __future__ import annotations

import json
from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.taste.evaluate.compare import compare
from lacunar.taste.evaluate.document import describe_evaluation
from lacunar.taste.evaluate.methods import METHODS
from lacunar.taste.evaluate.saved import read_evaluation
from lacunar.taste.evaluate.splits import splits_of
from lacunar.taste.ratings import Ratings


def test_what_was_written_is_read(sample_ratings: Ratings, tmp_path: Path) -> None:
    methods = {"popularity": METHODS["popularity"]}
    found = compare(methods, splits_of(sample_ratings, "random-20", [0, 1]))
    document = describe_evaluation("random-20", [0, 1], found, controls=found)
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(document))
    read = read_evaluation(path)
    assert read.users == found.n_users
    assert (
        read.methods["popularity"]["ndcg@10"].model_dump()
        == (document["methods"]["popularity"]["ndcg@10"])
    )
    assert read.controls == read.methods
    assert read.cold_start is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected an evaluation by `lacunar taste evaluate -o`"),
        ("[]", "expected an evaluation by"),
        ('{"protocol": "random-20", "seeds": [], "users": 3}', "whose methods is wrong"),
        ('{"protocol": "x", "seeds": [], "users": 3, "methods": {}}', "whose methods is wrong"),
        (
            '{"protocol": "x", "seeds": [], "users": 3, "methods": {"a": {"m": {"mean": "?"}}}}',
            "whose methods.a.m.mean is wrong",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_evaluation(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a file to read, got: No such file"):
        read_evaluation(tmp_path / "none.json")
