from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.protocols import (
    PROTOCOLS,
    global_time,
    held_out_sizes,
    leave_last_out,
    random_positions,
    random_split,
    splits_of,
)
from lacunar.taste.evaluate.split import Split

Write = Callable[..., Path]
Pairs = set[tuple[int, int]]


def pairs(users: np.ndarray, histories: Histories) -> Pairs:
    return set(zip(users[histories.user].tolist(), histories.item.tolist(), strict=True))


def trained(split: Split) -> Pairs:
    users = split.train_users[split.train.user]
    return set(zip(users.tolist(), split.train.item.tolist(), strict=True))


def rated(ratings: Ratings) -> Pairs:
    return set(zip(ratings.user.tolist(), ratings.item.tolist(), strict=True))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_histories_are_the_training_ratings_of_the_user(
    sample_ratings: Ratings, protocol: str
) -> None:
    split = splits_of(sample_ratings, protocol, [0])[0]
    shown = pairs(split.users, split.histories)
    assert shown == {pair for pair in trained(split) if pair[0] in set(split.users.tolist())}
    assert shown == pairs(split.users, split.excluded)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_relevant_was_held_out_liked_and_known(
    sample_ratings: Ratings, protocol: str
) -> None:
    split = splits_of(sample_ratings, protocol, [0])[0]
    train = trained(split)
    known = {item for _, item in train}
    held_out = rated(sample_ratings) - train
    liked = {
        (user, item)
        for user, item, stars in zip(
            sample_ratings.user.tolist(),
            sample_ratings.item.tolist(),
            sample_ratings.rating.tolist(),
            strict=True,
        )
        if stars >= 4 and item in known
    }
    assert pairs(split.users, split.relevant) == held_out & liked
    assert (split.relevant.n_ratings > 0).all()
    assert (np.diff(split.users) > 0).all()


def test_the_number_of_splits_follows_the_seeds_only_in_random_protocols(
    sample_ratings: Ratings,
) -> None:
    n_splits = [len(splits_of(sample_ratings, protocol, range(3))) for protocol in PROTOCOLS]
    assert n_splits == [3, 1, 1]


def test_an_unknown_protocol_is_refused(sample_ratings: Ratings) -> None:
    with pytest.raises(InputError, match=r"protocol of random-20, .*, got 'random'"):
        splits_of(sample_ratings, "random", [0])


@pytest.mark.parametrize("share", [0.2, 0.29, 0.999])
def test_the_share_of_each_user_is_rounded_down(sample_ratings: Ratings, share: float) -> None:
    n = np.bincount(sample_ratings.user)
    kept = np.bincount(random_split(sample_ratings, share=share, seed=0).train.user)
    expected = [count * round(share * 1000) // 1000 for count in n.tolist()]
    assert (n - kept).tolist() == expected


def test_a_single_rating_stays_in_training(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("1,1,4,1", "2,2,4,1", "3,1,4,1", "3,2,5,2"))
    split = random_split(ratings, share=0.99999999999, seed=0)
    assert np.bincount(split.train.user).tolist() == [1, 1, 1]
    assert split.users.tolist() == [2]


def test_a_random_split_depends_only_on_its_seed(sample_ratings: Ratings) -> None:
    first, again, other = (trained(random_split(sample_ratings, seed=s)) for s in (5, 5, 6))
    assert first == again
    assert first != other


def test_every_rating_is_as_likely_to_be_held_out(sample_ratings: Ratings) -> None:
    own = sample_ratings.rows_of(0)
    wanted = held_out_sizes(sample_ratings, 0.2)[0]
    counts = sum(
        1.0 * (random_positions(sample_ratings, seed)[own] < wanted) for seed in range(300)
    )
    share = wanted / (own.stop - own.start)
    error = np.sqrt(share * (1 - share) / 300)
    assert np.abs(counts / 300 - share).max() < 4.5 * error


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
@pytest.mark.parametrize("cut", [global_time, partial(random_split, seed=0)])
def test_an_invalid_share_is_refused(
    sample_ratings: Ratings, share: float, cut: Callable[..., Split]
) -> None:
    with pytest.raises(InputError, match="share to hold out between 0 and 1"):
        cut(sample_ratings, share=share)


def test_the_latest_rating_is_held_out_and_ties_go_to_the_last_film(write_csv: Write) -> None:
    ratings = read_ratings(
        write_csv(
            "1,1,5,30", "1,2,5,20", "1,3,5,10",  # film 1 is the latest
            "2,1,5,7", "2,2,5,7", "2,3,4,6",  # films 1 and 2 at once
            "3,1,5,9",  # nothing else
            "4,2,5,1", "4,3,5,2",
        )
    )  # fmt: skip
    split = leave_last_out(ratings)
    assert rated(ratings) - trained(split) == {(0, 0), (1, 1), (3, 2)}
    assert split.users.tolist() == [0, 1, 3]
    assert split.train_users.tolist() == [0, 1, 2, 3]


def test_leave_last_out_equals_a_plain_loop(sample_ratings: Ratings) -> None:
    log = sample_ratings.log.to_pylist()
    last = {}
    for row in log:
        key = row["timestamp"], row["item"]
        last[row["user"]] = max(last.get(row["user"], key), key)
    expected = {(user, item) for user, (_, item) in last.items()}
    assert rated(sample_ratings) - trained(leave_last_out(sample_ratings)) == expected


def test_one_point_in_time_separates_training_from_test(sample_ratings: Ratings) -> None:
    time = dict(
        zip(
            zip(sample_ratings.user.tolist(), sample_ratings.item.tolist(), strict=True),
            sample_ratings.log["timestamp"].to_pylist(),
            strict=True,
        )
    )
    train = trained(global_time(sample_ratings))
    later = set(time) - train
    assert max(time[pair] for pair in train) < min(time[pair] for pair in later)
    assert len(later) / len(time) == pytest.approx(0.2, abs=1e-3)


def test_users_who_begin_later_are_tested_with_an_empty_history(write_csv: Write) -> None:
    ratings = read_ratings(
        write_csv("1,1,4,1", "1,2,4,2", "2,1,4,3", "2,2,4,10", "3,1,5,11", "4,2,2,12")
    )
    split = global_time(ratings, share=0.5)
    assert split.train_users.tolist() == [0, 1]
    # User 4 liked nothing.
    assert split.users.tolist() == [1, 2]
    assert split.histories.n_ratings.tolist() == [1, 0]


@pytest.fixture(scope="module")
def one_film(tmp_path_factory: pytest.TempPathFactory) -> Ratings:
    """Twelve users who rated one film."""
    folder = tmp_path_factory.mktemp("times")
    (folder / "movies.csv").write_text("movieId,title,genres\n1,A,Drama\n")
    lines = [f"{user},1,5,1" for user in range(12)]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *lines]))
    return read_ratings(folder)


@given(
    times=st.lists(st.integers(0, 5), min_size=4, max_size=12),
    share=st.floats(0.05, 0.95),
)
def test_the_point_in_time_holds_out_the_share_or_slightly_more(
    one_film: Ratings, times: list[int], share: float
) -> None:
    log = one_film.log.slice(0, len(times)).set_column(3, "timestamp", pa.array(times))
    ratings = replace(one_film, users=one_film.users.slice(0, len(times)), log=log)
    if len(set(times)) == 1:
        with pytest.raises(InputError, match="ratings of different times"):
            global_time(ratings, share=share)
        return
    held_out = len(times) - global_time(ratings, share=share).train.n_users
    wanted = max(1, int(share * len(times) + 1e-9))
    possible = [sum(t >= cut for t in times) for cut in sorted(set(times))[1:]]
    assert held_out == min((n for n in possible if n >= wanted), default=max(possible))


@pytest.mark.parametrize("protocol", ["leave-last-out", "global-time"])
def test_a_log_without_times_is_not_split_by_time(sample_ratings: Ratings, protocol: str) -> None:
    log = sample_ratings.log
    times = pa.array(np.zeros(log.num_rows, dtype=np.int64))
    at = log.column_names.index("timestamp")
    timeless = replace(sample_ratings, log=log.set_column(at, "timestamp", times))
    assert sample_ratings.has_times
    assert not timeless.has_times
    with pytest.raises(InputError, match="expected ratings of different times"):
        splits_of(timeless, protocol, [0])
