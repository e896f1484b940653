from __future__ import annotations

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.candidates import candidates
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import recommendations_document


def test_a_single_year_is_an_open_interval() -> None:
    assert ListRequest().years is None
    assert ListRequest(first_year=1980).years == (1980, 9999)
    assert ListRequest(last_year=1980).years == (0, 1980)


def test_candidates_pass_every_filter(sample_model: TasteModel) -> None:
    ratings = sample_model.ratings
    ids = tuple(str(item) for item in ratings.items["item_id"].to_pylist()[:100])
    request = ListRequest(
        genres=("Drama",), first_year=1980, last_year=2010, allow=ids, deny=ids[:2]
    )
    found, expected = (
        request.candidates(ratings),
        candidates(ratings, genres=["Drama"], years=(1980, 2010), allow=ids, deny=ids[:2]),
    )
    assert np.array_equal(found.allowed, expected.allowed)
    assert found.allowed.any()
    assert found.exclude_seen
    assert not ListRequest(include_seen=True).candidates(ratings).exclude_seen


def test_invalid_lengths_and_recommenders_are_refused() -> None:
    with pytest.raises(InputError, match=r"^k: expected 0 or more, got -1"):
        ListRequest(k=-1)
    for k in (2.5, "3"):
        with pytest.raises(InputError, match=f"^k: expected a whole number, got {k!r}"):
            ListRequest(k=k)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^by: expected one of popularity, .*, got 'luck'"):
        ListRequest(by="luck")  # type: ignore[arg-type]


def test_filters_reach_the_document(sample_model: TasteModel) -> None:
    request = ListRequest(
        k=7, controls=Controls(diversity=0.4), genres=("Drama",), first_year=1980, last_year=2010
    )
    items = recommendations_document(sample_model, 5, request)["items"]
    years = dict(
        zip(
            sample_model.ratings.items["item_id"].to_pylist(),
            sample_model.ratings.years.tolist(),
            strict=True,
        )
    )
    assert len(items) == 7
    assert all("Drama" in item["genres"] and 1980 <= years[item["item"]] <= 2010 for item in items)


def test_adventure_needs_the_personal_recommender(sample_model: TasteModel) -> None:
    request = ListRequest(by="segment", controls=Controls(adventure=0.5))
    with pytest.raises(InputError, match=r"^adventure: expected the recommender personal"):
        recommendations_document(sample_model, 5, request)


def test_unknown_genres_and_years_in_the_wrong_order_are_refused(sample_model: TasteModel) -> None:
    with pytest.raises(InputError, match="Opera"):
        recommendations_document(sample_model, 5, ListRequest(genres=("Opera",)))
    with pytest.raises(InputError, match="from first to last"):
        recommendations_document(sample_model, 5, ListRequest(first_year=1990, last_year=1980))
