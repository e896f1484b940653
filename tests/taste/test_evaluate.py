from __future__ import annotations

from collections.abc import Callable
from math import log2
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from lacunar.errors import InputError
from lacunar.taste.evaluate import (
    HeldOut,
    ndcg_at,
    random_split,
    rank_candidates,
    ranking_quality,
    recall_at,
    score_by_segment,
    segment_popularity_ndcg,
)
from lacunar.taste.ratings import Ratings, read_ratings


def pairs(part: Ratings | HeldOut) -> set[tuple[int, int, float]]:
    return set(zip(part.user.tolist(), part.item.tolist(), part.rating.tolist(), strict=True))


@pytest.fixture
def split(sample_ratings: Ratings) -> tuple[Ratings, HeldOut]:
    return random_split(sample_ratings, seed=3)


def test_a_split_loses_and_invents_nothing(
    sample_ratings: Ratings, split: tuple[Ratings, HeldOut]
) -> None:
    train, held_out = split
    assert pairs(train) | pairs(held_out) == pairs(sample_ratings)
    assert not pairs(train) & pairs(held_out)
    assert train.users.equals(sample_ratings.users)
    assert train.items.equals(sample_ratings.items)
    for part in (train, held_out):
        assert (np.diff(part.user.astype(int) * train.n_items + part.item) > 0).all()


@pytest.mark.parametrize("share", [0.2, 0.29, 0.999])
def test_each_user_gives_the_share_rounded_down(sample_ratings: Ratings, share: float) -> None:
    _, held_out = random_split(sample_ratings, share=share, seed=0)
    rated = np.bincount(sample_ratings.user)
    expected = [int(n * round(share * 1000)) // 1000 for n in rated.tolist()]
    assert np.bincount(held_out.user, minlength=len(rated)).tolist() == expected


def test_a_single_rating_stays_in_training(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", "2,1,4.0,1", "2,2,5.0,2"))
    train, held_out = random_split(ratings, share=0.99999999999, seed=0)
    assert np.bincount(train.user).tolist() == [1, 1]
    assert held_out.user.tolist() == [1]


def test_a_split_repeats_with_its_seed_alone(sample_ratings: Ratings) -> None:
    first, again, other = (random_split(sample_ratings, seed=s)[1] for s in (5, 5, 6))
    assert pairs(first) == pairs(again)
    assert pairs(first) != pairs(other)


def test_every_rating_is_as_likely_to_be_held_out(sample_ratings: Ratings) -> None:
    counts = np.zeros(int(sample_ratings.user_starts[1]))
    for seed in range(300):
        _, held_out = random_split(sample_ratings, seed=seed)
        own = held_out.item[held_out.user == 0]
        counts += np.isin(sample_ratings.item[sample_ratings.rows_of(0)], own)
    share = np.floor(0.2 * len(counts)) / len(counts)
    error = np.sqrt(share * (1 - share) / 300)
    assert np.abs(counts / 300 - share).max() < 4.5 * error


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_is_none_is_refused(sample_ratings: Ratings, share: float) -> None:
    with pytest.raises(InputError, match="share to hold out between 0 and 1"):
        random_split(sample_ratings, share=share, seed=0)


def test_ndcg_of_full_rankings_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    relevant = rng.random((40, 60)) < 0.2
    scores = rng.random((40, 60))
    order = np.argsort(-scores, axis=1)
    hits = np.take_along_axis(relevant, order, axis=1)
    ours = ndcg_at(hits, relevant.sum(axis=1), k=10)
    peer = ndcg_score(relevant.astype(float), scores, k=10)
    assert ours.mean() == pytest.approx(peer, abs=1e-12)


def test_ndcg_of_short_rankings_lacks_the_places_they_lack() -> None:
    hits = np.array([[True, False], [True, True]])
    assert ndcg_at(hits, np.array([5, 2])) == pytest.approx(
        [1 / sum(1 / log2(i + 1) for i in range(1, 6)), 1.0]
    )


def test_recall_divides_by_what_can_be_found() -> None:
    hits = np.ones((2, 30), dtype=bool)
    hits[1, 10:] = False
    assert recall_at(hits, np.array([50, 12])).tolist() == [1.0, 10 / 12]


def test_equal_scores_are_ranked_by_position(split: tuple[Ratings, HeldOut]) -> None:
    train, _ = split
    users = np.arange(train.n_users)
    scores = np.random.default_rng(0).integers(0, 3, (train.n_users, train.n_items)).astype(float)
    ranked = rank_candidates(scores, train, users, k=25)
    known = set(train.item.tolist())
    for user in users.tolist():
        candidates = known - set(train.item[train.rows_of(user)].tolist())
        expected = sorted(candidates, key=lambda item: (-scores[user, item], item))
        assert ranked[user].tolist() == expected[:25]


def test_where_candidates_run_out_no_film_is_named(split: tuple[Ratings, HeldOut]) -> None:
    train, _ = split
    ranked = rank_candidates(np.zeros((1, train.n_items)), train, np.array([7]), k=10**6)
    n_candidates = len(set(train.item)) - len(train.item[train.rows_of(7)])
    assert ranked.shape == (1, train.n_items)
    assert (ranked[0, :n_candidates] >= 0).all()
    assert (ranked[0, n_candidates:] == -1).all()


def test_a_score_that_is_nan_is_refused(split: tuple[Ratings, HeldOut]) -> None:
    scores = np.full((1, split[0].n_items), np.nan)
    with pytest.raises(ValueError, match="got NaN"):
        rank_candidates(scores, split[0], np.array([0]), k=3)


def plain_loop(train: Ratings, held_out: HeldOut, labels: list[int]) -> tuple[float, float]:
    """Mean nDCG@10 and Recall@20 of popularity inside segments, one user and film at a time."""
    films = sorted({item for _, item, _ in pairs(train)})
    ndcg, recall = [], []
    for user in range(train.n_users):
        relevant = {i for u, i, stars in pairs(held_out) if u == user and stars >= 4 and i in films}
        if not relevant:
            continue
        inside: dict[int, int] = {}
        overall: dict[int, int] = {}
        for other, item, stars in pairs(train):
            if stars >= 4:
                overall[item] = overall.get(item, 0) + 1
                if labels[user] == -1 or labels[other] == labels[user]:
                    inside[item] = inside.get(item, 0) + 1
        seen = {i for u, i, _ in pairs(train) if u == user}
        ranked = sorted(
            (i for i in films if i not in seen),
            key=lambda i: (-inside.get(i, 0), -overall.get(i, 0), i),
        )
        gain = sum(1 / log2(p + 2) for p, i in enumerate(ranked[:10]) if i in relevant)
        ndcg.append(gain / sum(1 / log2(p + 2) for p in range(min(10, len(relevant)))))
        recall.append(len(relevant & set(ranked[:20])) / min(20, len(relevant)))
    return float(np.mean(ndcg)), float(np.mean(recall))


def test_popularity_inside_segments_equals_a_plain_loop(write_csv: Callable[..., Path]) -> None:
    rng = np.random.default_rng(1)
    rows, catalogue = [], ["movieId,title,genres", *(f"{i},Film {i},Drama" for i in range(60))]
    for user in range(25):
        items = rng.choice(60, size=rng.integers(5, 40), replace=False)
        rows += [
            f"{user},{i},{s / 2:.1f},1"
            for i, s in zip(items, rng.integers(2, 11, len(items)), strict=True)
        ]
    ratings = read_ratings(write_csv(*rows, movies="\n".join(catalogue) + "\n"))
    train, held_out = random_split(ratings, seed=2)
    labels = rng.integers(-1, 3, ratings.n_users)
    expected = plain_loop(train, held_out, labels.tolist())
    quality = ranking_quality(score_by_segment(train, labels), train, held_out)
    assert (quality.ndcg.mean(), quality.recall.mean()) == pytest.approx(expected, abs=1e-12)
    assert segment_popularity_ndcg(train, held_out, labels) == pytest.approx(expected[0])


def test_noise_gets_the_popularity_over_everybody(split: tuple[Ratings, HeldOut]) -> None:
    train, held_out = split
    nobody = np.full(train.n_users, -1)
    everybody = np.zeros(train.n_users, dtype=int)
    assert segment_popularity_ndcg(train, held_out, nobody) == segment_popularity_ndcg(
        train, held_out, everybody
    )


def test_the_numbers_of_segments_do_not_matter(split: tuple[Ratings, HeldOut]) -> None:
    train, held_out = split
    labels = np.random.default_rng(0).integers(0, 3, train.n_users)
    renamed = np.array([7, 0, 2])[labels]
    assert segment_popularity_ndcg(train, held_out, labels) == segment_popularity_ndcg(
        train, held_out, renamed
    )


def test_a_perfect_score_is_one(split: tuple[Ratings, HeldOut]) -> None:
    train, held_out = split
    liked = held_out.rating >= 4
    scores = np.zeros((train.n_users, train.n_items))
    scores[held_out.user[liked], held_out.item[liked]] = 1
    quality = ranking_quality(lambda users: scores[users], train, held_out)
    np.testing.assert_allclose(quality.ndcg, 1)
    np.testing.assert_allclose(quality.recall, 1)


def test_nothing_relevant_is_refused(split: tuple[Ratings, HeldOut]) -> None:
    train, held_out = split
    with pytest.raises(InputError, match="ratings of 6 or more of films that training knows"):
        ranking_quality(
            score_by_segment(train, np.zeros(train.n_users, dtype=int)),
            train,
            held_out,
            relevant_from=6,
        )


@pytest.mark.parametrize("labels", [np.zeros(3, dtype=int), np.full(120, -2)])
def test_labels_that_are_none_are_refused(
    split: tuple[Ratings, HeldOut], labels: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="a label of -1 or more for each of 120 users"):
        score_by_segment(split[0], labels)


@pytest.mark.realdata
def test_popularity_scores_as_measured_before(real_tastes: Path) -> None:
    ratings = read_ratings(real_tastes)
    everybody = np.zeros(ratings.n_users, dtype=int)
    scores = [
        segment_popularity_ndcg(*random_split(ratings, seed=seed), everybody) for seed in range(3)
    ]
    assert np.mean(scores) == pytest.approx(0.164, abs=0.006)
