from __future__ import annotations

import json

import numpy as np

from lacunar.traits.data.schema import Schema
from lacunar.traits.predict.to_json import predictions_document


def test_predictions_name_the_most_probable_class(coats: Schema) -> None:
    found = [np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]]), np.array([[1.0, 0.0], [0.4, 0.6]])]
    document = predictions_document(coats, ["a.png", "b.png"], found)
    first, second = document["predictions"]
    assert first["image"] == "a.png"
    assert first["attributes"]["coat"] == {"label": "closed", "probability": 0.7, "abstain": False}
    assert second["attributes"]["hat"] == {"label": "on", "probability": 0.6, "abstain": False}
    json.dumps(document, allow_nan=False)


def test_answers_below_their_threshold_abstain_and_keep_their_label(coats: Schema) -> None:
    found = [np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]]), np.array([[1.0, 0.0], [0.4, 0.6]])]
    document = predictions_document(coats, ["a.png", "b.png"], found, (0.7, 0.0))
    first, second = (row["attributes"] for row in document["predictions"])
    assert [first["coat"]["abstain"], second["coat"]["abstain"]] == [False, True]
    assert [first["hat"]["abstain"], second["hat"]["abstain"]] == [False, False]
    assert second["coat"]["label"] == "open"


def test_all_probabilities_are_told_by_class_on_request(coats: Schema) -> None:
    found = [np.array([[0.2, 0.7, 0.1]]), np.array([[1.0, 0.0]])]
    document = predictions_document(coats, ["a.png"], found, all_probabilities=True)
    answers = document["predictions"][0]["attributes"]
    assert answers["coat"]["probabilities"] == {"open": 0.2, "closed": 0.7, "none": 0.1}
    assert answers["hat"]["probabilities"] == {"off": 1.0, "on": 0.0}


def test_factors_choose_another_class_which_is_told_with_its_own_probability(
    coats: Schema,
) -> None:
    found = [np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]]), np.array([[0.9, 0.1], [0.4, 0.6]])]
    factors = [np.array([4.0, 1.0, 1.0]), np.array([1.0, 1.0])]
    document = predictions_document(
        coats, ["a.png", "b.png"], found, (0.3, 0.0), factors=factors, all_probabilities=True
    )
    first, second = (row["attributes"] for row in document["predictions"])
    # .2 x 4 is more than .7, and it is the probability .2 that is too unsure.
    assert first["coat"]["label"] == "open"
    assert (first["coat"]["probability"], first["coat"]["abstain"]) == (0.2, True)
    assert first["coat"]["probabilities"] == {"open": 0.2, "closed": 0.7, "none": 0.1}
    assert (second["coat"]["label"], second["coat"]["abstain"]) == ("open", False)
    plain = predictions_document(coats, ["a.png", "b.png"], found)["predictions"]
    assert [row["attributes"]["hat"]["label"] for row in plain] == ["off", "on"]
    assert second["hat"]["label"] == "on"
