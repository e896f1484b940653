from __future__ import annotations

import json

import numpy as np
import pytest

from lacunar.taste.data.histories import histories_at, with_ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.to_json import (
    film_document,
    films_document,
    recommendations_document,
    segments_document,
    user_document,
)


def test_segments_hold_the_promised_keys(sample_model: TasteModel) -> None:
    document = segments_document(sample_model)
    assert {"n_components", "criterion", "users", "segments", "k_frequency"} <= set(document)
    assert [segment["id"] for segment in document["segments"]] == list(
        range(document["n_components"])
    )
    assert sum(segment["population"] for segment in document["segments"]) == document["users"]
    assert sum(document["k_frequency"].values()) == len(sample_model.fit_grid.seeds)
    json.dumps(document, allow_nan=False)


def test_a_gap_in_a_user_profile_is_null_and_counts_nothing(sample_model: TasteModel) -> None:
    user = int(np.flatnonzero(sample_model.profiles.gaps.any(axis=1))[0])
    document = user_document(sample_model, user)
    for column, genre in enumerate(sample_model.ratings.genres):
        if sample_model.profiles.gaps[user, column]:
            assert document["profile"][genre] is None
            assert document["counts"][genre] == 0
        else:
            assert document["profile"][genre] == sample_model.profiles.means[user, column]
    assert None in document["profile"].values()
    assert sum(document["segments"].values()) == np.float64(1).round(9) or np.isclose(
        sum(document["segments"].values()), 1
    )
    json.dumps(document, allow_nan=False)


def test_recommendations_hold_the_promised_keys(sample_model: TasteModel) -> None:
    document = recommendations_document(sample_model, 0, ListRequest(k=3))
    assert {"user", "segment", "probability", "items"} <= set(document)
    assert len(document["items"]) == 3
    for item in document["items"]:
        assert {"item", "title", "genres", "score", "reasons"} <= set(item)
        assert sum(item["parts"].values()) == pytest.approx(item["score"], abs=1e-9)
        assert item["reasons"][0]["value"] == max(reason["value"] for reason in item["reasons"])
    json.dumps(document, allow_nan=False)


def test_films_are_found_by_title_with_year_genres_and_ratings(
    sample_model: TasteModel,
) -> None:
    ratings = sample_model.ratings
    title = str(ratings.items["title"][7])
    [film, *_] = films_document(sample_model, title, 3)["films"]
    assert film == film_document(sample_model, 7)
    assert film["title"] == title
    assert film["year"] == ratings.years[7]
    assert film["genres"] == sample_model.ratings.genres_of_items[7]
    assert film["ratings"] == (ratings.item == 7).sum()
    assert films_document(sample_model, "nothing is called so", 3)["films"] == []


def test_more_ratings_of_a_user_change_the_document(sample_model: TasteModel) -> None:
    own = recommendations_document(sample_model, 0, ListRequest(k=3))
    best = str(own["items"][0]["item"])
    more = recommendations_document(sample_model, 0, ListRequest(k=3), also={best: 5.0})
    assert (more["user"], more["ratings"]) == (own["user"], own["ratings"] + 1)
    assert best not in {str(item["item"]) for item in more["items"]}
    history = with_ratings(
        histories_at(sample_model.ratings, np.array([0])), sample_model.ratings, {best: 5.0}
    )
    belongs = sample_model.placer.responsibilities(history)[0]
    assert (more["segment"], more["probability"]) == (belongs.argmax(), belongs.max())
