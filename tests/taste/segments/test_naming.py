from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lacunar.taste.data.ratings import NO_GENRES
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.naming import (
    EMPTY,
    MAX_LENGTH,
    names_after_update,
    segment_names,
)

GENRES = ("Action", "Children", "Drama", "Horror")


def crowd(
    groups: list[tuple[list[int], float | list[float]]],
    *,
    genres: tuple[str, ...] = GENRES,
    size: int = 30,
    seed: int = 0,
) -> tuple[GenreProfiles, NDArray[np.intp]]:
    """Groups of users around mean counts and mean ratings, ratings rounded to quarters."""
    generator = np.random.default_rng(seed)
    counts = np.concatenate([generator.poisson(mean, (size, len(mean))) for mean, _ in groups])
    counts[:, 0] += counts.sum(axis=1) == 0
    levels = np.concatenate([np.broadcast_to(level, (size, len(genres))) for _, level in groups])
    means = np.round(4 * (levels + generator.normal(0, 0.1, levels.shape))) / 4
    means = np.where(counts > 0, means, np.nan)
    return GenreProfiles(genres, means, counts.astype(np.int64), 1.0), np.repeat(
        np.arange(len(groups)), size
    )


def names_of(
    groups: list[tuple[list[int], float | list[float]]], *, genres: tuple[str, ...] = GENRES
) -> tuple[str, ...]:
    return segment_names(*crowd(groups, genres=genres), len(groups))


def test_a_segment_is_named_after_what_its_members_rate_more_and_less_of() -> None:
    names = names_of([([40, 10, 10, 10], 3.0), ([10, 10, 10, 40], 3.0)])
    assert names == ("Action over Horror", "Horror over Action")


def test_one_genre_names_alone_if_it_stands_out() -> None:
    same = ([20, 20, 20, 20], 3.0)
    assert names_of([([20, 20, 20, 60], 3.0), same, same, same])[0] == "Heavy on Horror"
    assert names_of([([20, 20, 20, 0], 3.0), same, same, same])[0] == "Light on Horror"


def test_raters_are_generous_or_harsh_compared_with_all_users() -> None:
    same = [20] * 4
    assert names_of([(same, 4.5), (same, 2.0), (same, 3.25)]) == (
        "All-round taste, generous raters",
        "All-round taste, harsh raters",
        "All-round taste",
    )


def test_preference_names_a_segment_if_amounts_do_not() -> None:
    names = names_of([([20] * 4, [4, 3, 3, 2]), ([20] * 4, [3, 3, 3, 3])])
    assert names == ("Fonder of Action than Horror", "Fonder of Horror than Action")


def test_average_members_are_all_round() -> None:
    profiles, _ = crowd([([20, 20, 20, 20], 3.0)])
    assert segment_names(profiles, np.zeros(30, dtype=np.intp), 1) == ("All-round taste",)


def test_similar_segments_get_a_small_difference_in_their_names() -> None:
    same = [20] * 4
    groups = [(same, 5.0), (same, 1.0), (same, 3.4), (same, 2.6)]
    names = segment_names(*crowd(groups, size=200), 4)
    assert names[2:] == ("All-round, slightly generous raters", "All-round, slightly harsh raters")


def test_random_segments_are_not_named_after_noise() -> None:
    profiles, _ = crowd([([20, 20, 20, 2], 3.0)] * 4)
    labels = np.random.default_rng(3).permutation(np.repeat(np.arange(4), 30))
    names = segment_names(profiles, labels, 4)
    assert sorted(names) == ["All-round taste", *(f"All-round taste {i}" for i in (2, 3, 4))]


def test_a_tiny_genre_wins_only_by_more_than_chance() -> None:
    profiles, labels = crowd([([40, 30, 30, 1], 3.0), ([30, 40, 30, 1], 3.0)])
    names = segment_names(profiles, labels, 2)
    assert not any("Horror" in name for name in names)


@pytest.mark.parametrize("unnamed", [NO_GENRES, "IMAX"])
def test_genres_that_are_no_taste_never_name_a_segment(unnamed: str) -> None:
    genres = (unnamed, "Action", "Drama", "War")
    names = names_of([([40, 10, 10, 10], 3.0), ([5, 20, 10, 10], 3.0)], genres=genres)
    assert not any(unnamed in name for name in names)


def test_equal_names_get_the_next_genre() -> None:
    names = names_of(
        [([60, 28, 12, 1], 3.0), ([60, 12, 28, 1], 3.0), ([5, 20, 20, 55], 3.0)],
    )
    assert names == (
        "Action over Drama & Horror",
        "Action & Drama over Horror",
        "Horror over Action",
    )


def test_empty_segments_have_names_too() -> None:
    profiles, labels = crowd([([40, 10, 10, 10], 3.0), ([10, 10, 10, 40], 3.0)])
    names = segment_names(profiles, 2 * labels, 4)
    assert names[1] == EMPTY
    assert names[3] == f"{EMPTY} 2"


def test_names_stay_short_however_long_the_genres_are() -> None:
    genres = tuple(f"{letter} genre of {'many ' * 12}words" for letter in "ABCD")
    names = names_of([([40, 10, 10, 10], 4.5), ([40, 10, 10, 10], 4.5), ([10, 40, 10, 10], 1.0)],
                     genres=genres)  # fmt: skip
    assert len(set(names)) == 3
    assert max(map(len, names)) <= MAX_LENGTH


def test_a_fitted_model_gets_different_short_names(sample_model: TasteModel) -> None:
    segments = sample_model.segments
    names = segment_names(sample_model.profiles, segments.labels, segments.n_segments)
    assert len(set(names)) == segments.n_segments
    assert max(map(len, names)) <= MAX_LENGTH


@st.composite
def crowds(draw: st.DrawFn) -> tuple[GenreProfiles, NDArray[np.intp], int]:
    k = draw(st.integers(1, 5))
    cell = st.tuples(*[st.sampled_from([0, 1, 5, 20, 40])] * 4)
    level = st.sampled_from([2.0, 3.0, 3.25, 4.5])
    groups = [(list(draw(cell)), draw(level)) for _ in range(k)]
    profiles, labels = crowd(groups, size=draw(st.integers(1, 20)), seed=draw(st.integers(0, 99)))
    return profiles, labels, k


@settings(max_examples=60, deadline=None)
@given(crowds(), st.integers(0, 2**32 - 1))
def test_names_follow_renumbered_segments_and_ignore_the_order_of_users(
    drawn: tuple[GenreProfiles, NDArray[np.intp], int], seed: int
) -> None:
    profiles, labels, k = drawn
    names = segment_names(profiles, labels, k)
    assert len(set(names)) == k
    assert max(map(len, names)) <= MAX_LENGTH
    generator = np.random.default_rng(seed)
    number = generator.permutation(k)
    renumbered = segment_names(profiles, number[labels], k)
    assert tuple(renumbered[i] for i in number) == names
    order = generator.permutation(len(labels))
    shuffled = GenreProfiles(profiles.genres, profiles.means[order], profiles.counts[order], 1.0)
    again = segment_names(shuffled, labels[order], k)
    # Segments with equal statistics can only be numbered by who comes first.
    assert sorted(again) == sorted(names)
    shares = profiles.counts / profiles.counts.sum(axis=1, keepdims=True)
    level = (shares * np.nan_to_num(profiles.means)).sum(axis=1, keepdims=True)
    statistics = np.hstack([np.sqrt(shares), level])
    means = [tuple(statistics[labels == segment].mean(axis=0).round(6)) for segment in range(k)]
    if len(set(means)) == k:
        assert again == names


def test_a_favoured_period_is_added_if_periods_are_given() -> None:
    counts = np.tile(np.array([[8, 2], [8, 2], [2, 8], [2, 8]]), (5, 1))
    profiles = GenreProfiles(("Drama", "War"), np.full(counts.shape, 3.0), counts, 1.0)
    periods = PeriodCounts(("1990-1994", "2000-2004"), counts)
    labels = np.array([0, 0, 1, 1] * 5)
    plain = segment_names(profiles, labels, 2)
    dated = segment_names(profiles, labels, 2, periods=periods, plural="wines")
    assert dated == (f"{plain[0]}, 1990-1994 wines", f"{plain[1]}, 2000-2004 wines")


def test_a_period_without_excess_is_not_named() -> None:
    counts = np.tile(np.array([[8, 2], [8, 2], [2, 8], [2, 8]]), (5, 1))
    profiles = GenreProfiles(("Drama", "War"), np.full(counts.shape, 3.0), counts, 1.0)
    periods = PeriodCounts(("1990-1994", "2000-2004"), np.full(counts.shape, 5))
    labels = np.array([0, 0, 1, 1] * 5)
    assert segment_names(profiles, labels, 2, periods=periods) == (
        segment_names(profiles, labels, 2)
    )


def test_names_that_are_not_kept_are_those_of_no_earlier_segment() -> None:
    before, now = ("Drama", "Horror", "War"), ("War", "Horror", "Drama")
    assert names_after_update(before, now, np.array([True, True, True])) == before
    assert names_after_update(before, now, np.array([False, True, False])) == (
        "War 2",
        "Horror",
        "Drama 2",
    )
    kept = np.array([True, False, False])
    assert names_after_update(before, ("A", "A", "A"), kept) == ("Drama", "A", "A 2")
