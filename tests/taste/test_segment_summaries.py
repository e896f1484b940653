from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.model import TasteModel
from lacunar.taste.segment_summaries import GenreShare, compare_segments, portraits


def test_shares_are_means_over_members_compared_with_all_users(sample_model: TasteModel) -> None:
    shares = sample_model.profiles.shares
    for portrait in portraits(sample_model):
        members = sample_model.segments.members(portrait.segment)
        assert [g.genre for g in portrait.genres] == list(sample_model.ratings.genres)
        assert [g.share for g in portrait.genres] == pytest.approx(shares[members].mean(axis=0))
        assert [g.reference for g in portrait.genres] == pytest.approx(shares.mean(axis=0))


def test_over_and_under_indexed_genres_are_those_that_stand_out(sample_model: TasteModel) -> None:
    found = portraits(sample_model)
    assert any(portrait.over_indexed for portrait in found)
    for portrait in found:
        assert all(g.times > 1 for g in portrait.over_indexed)
        assert all(g.times < 1 for g in portrait.under_indexed)
        listed = {g.genre for g in portrait.over_indexed + portrait.under_indexed}
        assert listed == {g.genre for g in portrait.genres if g.stands_out}
        apart = [np.sqrt(g.share) - np.sqrt(g.reference) for g in portrait.over_indexed]
        assert apart == sorted(apart, reverse=True)
        roots = np.sqrt(sample_model.profiles.shares)
        excess = roots[sample_model.segments.members(portrait.segment)].mean(axis=0) - roots.mean(0)
        standing = np.array([g.stands_out for g in portrait.genres])
        assert (np.abs(excess[standing]) >= 0.025 - 1e-9).all()


def test_best_loved_are_what_most_members_like(sample_model: TasteModel) -> None:
    likes = sample_model.film_counts
    for portrait in portraits(sample_model, 5):
        counts = [film.likes for film in portrait.best_loved]
        assert counts == sorted(likes.likes[portrait.segment].tolist(), reverse=True)[:5]
        for film in portrait.best_loved:
            assert film.reference == pytest.approx(likes.shares_of_all[film.item])
            assert film.likes <= film.raters


def test_own_films_are_liked_by_more_members_than_others(sample_model: TasteModel) -> None:
    likes, labels = sample_model.film_counts, sample_model.segments.labels
    ratings = sample_model.ratings
    for portrait in portraits(sample_model, 5):
        margins = [film.share - film.reference for film in portrait.own]
        assert margins == sorted(margins, reverse=True)
        assert min(margins) > 0
        assert all(film.likes >= 3 for film in portrait.own)
        film, others = portrait.own[0], labels[ratings.user] != portrait.segment
        elsewhere = others & (ratings.item == film.item) & (ratings.rating > 3.5)
        outside = ratings.n_users - likes.populations[portrait.segment]
        assert film.reference == pytest.approx(elsewhere.sum() / outside)


def test_a_comparison_is_symmetric(sample_model: TasteModel) -> None:
    there, back = compare_segments(sample_model, 0, 1), compare_segments(sample_model, 1, 0)
    assert [(g.share, g.reference) for g in there.genres] == [
        (g.reference, g.share) for g in back.genres
    ]
    assert [g.stands_out for g in there.genres] == [g.stands_out for g in back.genres]
    assert any(g.stands_out for g in there.genres)
    assert there.films == back.films[::-1]


def test_nothing_differs_between_a_segment_and_itself(sample_model: TasteModel) -> None:
    found = compare_segments(sample_model, 1, 1)
    assert not any(genre.stands_out for genre in found.genres)
    assert found.films == ((), ())


def test_the_ratio_to_a_share_of_zero_is_infinite() -> None:
    assert GenreShare("War", 0.2, 0.1, True).times == 2
    assert GenreShare("War", 0.2, 0.0, True).times == float("inf")
    assert GenreShare("War", 0.0, 0.0, False).times == 1
