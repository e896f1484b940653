from __future__ import annotations

import json
from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.comparison import METRICS, Comparison
from lacunar.taste.evaluate.methods import METHODS
from lacunar.taste.evaluate.new_users import cold_start
from lacunar.taste.evaluate.protocols import splits_of
from lacunar.taste.evaluate.ranked_lists import USER_METRICS
from lacunar.taste.evaluate.runner import Method, Training, compare, compare_groups
from lacunar.taste.evaluate.to_json import evaluation_document, read_evaluation
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.popularity import PopularityRecommender


def at_least(stars: float) -> Method:
    def method(training: Training) -> Recommender:
        return PopularityRecommender(stars).fit(training.ratings)

    return method


RULES = {"a": at_least(0.5), "b": at_least(4), "c": at_least(5)}


@pytest.fixture(scope="module")
def found(sample_ratings: Ratings) -> Comparison:
    return compare(RULES, splits_of(sample_ratings, "global-time", []))


def test_the_document_has_the_keys_others_rely_on(found: Comparison) -> None:
    document = evaluation_document("global-time", [], found)
    assert list(document) == [
        "protocol", "seeds", "users", "fingerprint", "config", "methods", "differences", "slices",
        "seconds",
    ]  # fmt: skip
    assert document["protocol"] == "global-time"
    assert document["users"] == found.n_users
    assert list(document["methods"]) == list("abc")
    assert list(document["methods"]["a"]) == list(METRICS)
    assert {"ndcg@10", "recall@20", "coverage"} < set(METRICS)
    assert list(document["methods"]["a"]["ndcg@10"]) == ["mean", "low", "high"]
    assert list(document["differences"]) == ["b - a", "c - a", "c - b"]
    assert list(document["seconds"]["c"]) == ["fit", "rank"]
    for part in document["slices"].values():
        assert list(part) == ["users", "methods"]
        assert list(part["methods"]["b"]) == list(USER_METRICS)


def test_differences_are_those_of_the_means(found: Comparison) -> None:
    document = evaluation_document("global-time", [], found)
    means = {name: values["mrr@10"]["mean"] for name, values in document["methods"].items()}
    assert document["differences"]["c - a"]["mrr@10"]["mean"] == pytest.approx(
        means["c"] - means["a"]
    )


def test_missing_values_are_null(found: Comparison) -> None:
    document = evaluation_document("global-time", [], found)
    assert document["methods"]["a"]["coverage"]["low"] is None
    nothing_shown = document["slices"]["0"]["methods"]["a"]["miscalibration@10"]
    assert nothing_shown == {"mean": None, "low": None, "high": None}
    json.dumps(document, allow_nan=False)


def test_cold_start_is_keyed_by_the_number_of_ratings(
    sample_ratings: Ratings, found: Comparison
) -> None:
    cold = compare_groups(RULES, [cold_start(sample_ratings, seed=0, given=(0, 2))])
    document = evaluation_document("random-20", [0], found, cold_start=cold)
    assert list(document["cold_start"]) == ["0", "2"]
    assert document["cold_start"]["2"]["b"]["ndcg@10"]["mean"] > 0
    json.dumps(document, allow_nan=False)


def test_a_written_evaluation_is_read(sample_ratings: Ratings, tmp_path: Path) -> None:
    methods = {"popularity": METHODS["popularity"]}
    found = compare(methods, splits_of(sample_ratings, "random-20", [0, 1]))
    document = evaluation_document("random-20", [0, 1], found, controls=found)
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
        ("", "expected an evaluation of lacunar taste evaluate"),
        ("[]", "expected an evaluation of"),
        ('{"protocol": "random-20", "seeds": [], "users": 3}', "got an invalid methods: "),
        ('{"protocol": "x", "seeds": [], "users": 3, "methods": {}}', "got an invalid methods: "),
        (
            '{"protocol": "x", "seeds": [], "users": 3, "methods": {"a": {"m": {"mean": "?"}}}}',
            "got an invalid methods.a.m.mean: ",
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
