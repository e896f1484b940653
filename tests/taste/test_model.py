from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.methods import evaluate_recommenders
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.model import TasteModel, fingerprint
from lacunar.taste.recommend.list_request import ListRequest


def test_the_criterion_names_the_votes(source_model: TasteModel) -> None:
    votes = source_model.fit_grid.k_frequency()[source_model.segments.n_segments]
    assert f"lowest BIC for {votes} of 6 seeds" in source_model.criterion


def test_filled_gaps_make_degenerate_fits_and_kept_gaps_do_not(
    source_model: TasteModel, sample_model: TasteModel
) -> None:
    assert source_model.fit_grid.degenerate.any()
    assert "are degenerate" in source_model.criterion
    assert not sample_model.fit_grid.degenerate.any()
    assert "degenerate" not in sample_model.criterion


def test_membership_stability_reflects_the_agreement_of_restarts(sample_model: TasteModel) -> None:
    stability = sample_model.membership_stability
    assert stability.shape == (sample_model.ratings.n_users,)
    assert ((stability > 0) & (stability <= 1 + 1e-12)).all()


def test_a_fit_of_years_and_genres_has_no_notes(
    sample_model: TasteModel, source_model: TasteModel
) -> None:
    assert (sample_model.view, sample_model.notes) == ("shares+periods", ())
    assert (source_model.view, source_model.notes) == ("means", ())


def test_a_note_names_the_share_of_ratings_with_a_year(sample_model: TasteModel) -> None:
    years = sample_model.ratings.years.copy()
    years[30:] = np.nan
    column = pa.array(years, from_pandas=True).cast(pa.int16())
    ratings = replace(
        sample_model.ratings, items=sample_model.ratings.items.set_column(2, "year", column)
    )
    periods = PeriodCounts((), np.zeros((ratings.n_users, 0), dtype=np.int64))
    changed = replace(sample_model, ratings=ratings, periods=periods)
    share = ratings.ratings_per_item[:30].sum() / len(ratings.rating)
    assert 0 < share < 0.5
    assert changed.view == "shares"
    assert changed.notes == (
        f"Years are known for {share:.0%} of the ratings: segments do not use them.",
    )


def test_likes_start_above_four_fifths_of_the_scale(sample_model: TasteModel) -> None:
    assert sample_model.liked_above == 3.5


def test_films_per_genre_count_the_catalogue(sample_model: TasteModel) -> None:
    total = sum(sample_model.films_per_genre.values())
    assert total == sample_model.ratings.item_genres.num_rows
    assert total == sum(len(names) for names in sample_model.genres_of_items)


def test_the_fingerprint_changes_with_any_rating(write_csv: Callable[..., Path]) -> None:
    prints = {
        fingerprint(read_ratings(write_csv(*rows)))
        for rows in (["1,1,4.0,3"], ["1,1,4.5,3"], ["1,2,4.0,3"], ["2,1,4.0,3"], ["1,1,4.0,4"])
    }
    assert len(prints) == 5
    assert fingerprint(read_ratings(write_csv("1,1,4.0,3"))) in prints


def test_the_consensus_of_equal_partitions_is_that_partition(sample_model: TasteModel) -> None:
    labels = np.stack([sample_model.segments.labels] * 3)
    assert replace(sample_model, near_best_labels=labels).consensus_agreement == 1.0


@pytest.mark.parametrize("name", ["magic", "", 3, ["personal"]])
def test_an_unknown_recommender_is_refused_wherever_it_is_named(
    sample_model: TasteModel, name: Any
) -> None:
    asked: list[Callable[[], object]] = [
        lambda: sample_model.recommender(name),
        lambda: ListRequest(by=name),
        lambda: sample_model.recommend([1], by=name),
        lambda: sample_model.recommend_new({}, by=name),
    ]
    for ask in asked:
        with pytest.raises(InputError, match=r"^by: expected one of popularity, .*, got") as caught:
            ask()
        assert caught.value.field == "by"


def test_a_model_and_its_ratings_print_as_one_line(sample_model: TasteModel) -> None:
    ratings, n = sample_model.ratings, sample_model.segments.n_segments
    counted = f"{ratings.log.num_rows:,} ratings of 300 films by 120 users"
    assert repr(ratings) == f"<Ratings: {counted}>"
    assert repr(sample_model) == f"<TasteModel: {n} segment{'s' * (n > 1)} from {ratings!r}>"
    comparison = evaluate_recommenders(ratings, ["popularity"], seeds=[0])
    assert repr(comparison) == f"<Comparison: popularity; {comparison.n_users} users tested>"
