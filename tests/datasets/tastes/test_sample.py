import csv

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from lacunar.datasets.tastes import sample as module
from lacunar.datasets.tastes.catalogue import Films
from lacunar.datasets.tastes.sample import (
    iter_ratings,
    sample_movies,
    sample_tastes,
    write_sample,
    write_tastes,
)
from lacunar.datasets.tastes.titles import GENRES
from lacunar.errors import InputError

SMALL = {"n_users": 60, "n_movies": 300, "seed": 5}


@pytest.fixture(scope="module")
def sample():
    return sample_tastes()


@pytest.fixture(scope="module")
def columns(sample):
    return {name: sample.ratings[name].to_numpy() for name in sample.ratings.column_names}


@pytest.fixture(scope="module")
def by_genre(sample, columns):
    """Count and sum of ratings per user and genre."""
    flags = [
        [name in text.split("|") for name in GENRES] for text in sample.movies["genres"].to_pylist()
    ]
    film = np.searchsorted(sample.movies["movieId"].to_numpy(), columns["movieId"])
    stars = np.zeros((len(sample.groups), len(flags)))
    stars[columns["userId"] - 1, film] = columns["rating"]
    return (stars > 0) @ np.array(flags, float), stars @ np.array(flags, float)


def ratings_per_user(columns):
    return np.bincount(columns["userId"])[1:]


def test_the_tables_have_movielens_columns(sample):
    assert sample.ratings.schema == pa.schema(
        {
            "userId": pa.int64(),
            "movieId": pa.int64(),
            "rating": pa.float64(),
            "timestamp": pa.int64(),
        }
    )
    assert sample.movies.schema == pa.schema(
        {"movieId": pa.int64(), "title": pa.string(), "genres": pa.string()}
    )
    assert len(sample.movies) == 2000
    assert sample.groups.shape == (610,)
    assert sample.groups.dtype == np.int64


def test_pairs_are_sorted_and_never_repeated(columns):
    order = np.lexsort((columns["movieId"], columns["userId"]))
    np.testing.assert_array_equal(order, np.arange(len(order)))
    pairs = np.stack([columns["userId"], columns["movieId"]])
    assert np.unique(pairs, axis=1).shape[1] == len(order)


def test_users_are_numbered_from_one_and_films_are_known(sample, columns):
    np.testing.assert_array_equal(np.unique(columns["userId"]), np.arange(1, 611))
    ids = sample.movies["movieId"].to_numpy()
    assert (np.diff(ids) > 0).all()
    assert set(columns["movieId"]) <= set(ids)


def test_ratings_are_half_stars_around_three_and_a_half(columns):
    stars, counts = np.unique(columns["rating"], return_counts=True)
    np.testing.assert_array_equal(stars, np.arange(1, 11) / 2)
    assert 3.3 < columns["rating"].mean() < 3.7
    assert counts.argmax() in (5, 7)  # 3 or 4 stars


def test_every_user_has_twenty_ratings_and_activity_has_a_long_tail(columns):
    counts = ratings_per_user(columns)
    assert counts.min() == 20
    assert 60 < np.median(counts) < 85
    assert np.quantile(counts, 0.9) > 4 * np.median(counts)


def test_a_tenth_of_the_films_has_two_fifths_of_the_ratings(columns):
    counts = np.sort(np.bincount(columns["movieId"]))[::-1]
    assert 0.35 < counts[:200].sum() / counts.sum() < 0.65


def test_there_are_generous_and_harsh_raters(columns):
    means = np.bincount(columns["userId"], columns["rating"])[1:] / ratings_per_user(columns)
    # Two people who share one true mean would differ by chance far less than this.
    assert np.quantile(means, 0.05) < 3.1
    assert np.quantile(means, 0.95) > 4.1


def test_timestamps_differ_within_a_user_and_do_not_follow_movie_ids(columns):
    user, time = columns["userId"], columns["timestamp"]
    assert np.unique(np.stack([user, time]), axis=1).shape[1] == len(user)
    later = np.diff(time)[np.diff(user) == 0] > 0
    assert 0.45 < later.mean() < 0.55
    # From the start of 2015, after the release of every film.
    assert time.min() >= 1_420_070_400


@pytest.mark.parametrize("seed", range(3))
def test_a_sixth_or_more_of_the_genre_cells_is_empty_and_none_is_hopeless(seed, by_genre):
    counts = by_genre[0] if seed == 0 else genre_counts(sample_tastes(seed=seed))
    assert 0.10 < (counts == 0).mean() < 0.30
    assert (counts > 0).any(axis=0).all()


def genre_counts(sample):
    flags = [[g in text.split("|") for g in GENRES] for text in sample.movies["genres"].to_pylist()]
    film = np.searchsorted(
        sample.movies["movieId"].to_numpy(), sample.ratings["movieId"].to_numpy()
    )
    counts = np.zeros((len(sample.groups), len(GENRES)))
    np.add.at(counts, sample.ratings["userId"].to_numpy() - 1, np.array(flags, float)[film])
    return counts


def test_gaps_are_not_at_random(sample, by_genre):
    missing = by_genre[0] == 0
    for group, genre in {0: "Western", 1: "Documentary", 2: "Musical", 3: "Film-Noir"}.items():
        mine, g = sample.groups == group, GENRES.index(genre)
        assert missing[mine, g].mean() < 0.8 * missing[~mine, g].mean()


def test_groups_watch_and_rate_their_genres_more(sample, by_genre):
    counts, sums = by_genre
    watched = counts / counts.sum(axis=1, keepdims=True)
    rated = np.divide(sums, counts, where=counts > 0, out=np.full(counts.shape, np.nan))
    rated -= sums.sum(axis=1, keepdims=True) / counts.sum(axis=1, keepdims=True)
    liked = {0: "Action", 1: "Drama", 2: "Children", 3: "Horror"}
    for group, genre in liked.items():
        mine, g = sample.groups == group, GENRES.index(genre)
        assert watched[mine, g].mean() > 1.3 * watched[~mine, g].mean()
        assert np.nanmean(rated[mine, g]) > np.nanmean(rated[~mine, g]) + 0.3


def test_the_groups_can_be_recovered_from_what_people_watch(sample, by_genre):
    shares = by_genre[0] / by_genre[0].sum(axis=1, keepdims=True)
    found = KMeans(4, n_init=5, random_state=0).fit_predict(np.sqrt(shares))
    assert adjusted_rand_score(sample.groups, found) > 0.7


def test_the_groups_can_be_recovered_from_how_people_rate(sample, by_genre):
    counts, sums = by_genre
    own_mean = sums.sum(axis=1, keepdims=True) / counts.sum(axis=1, keepdims=True)
    means = np.divide(sums, counts, where=counts > 0, out=own_mean + np.zeros(counts.shape))
    found = KMeans(4, n_init=5, random_state=0).fit_predict(means - own_mean)
    assert adjusted_rand_score(sample.groups, found) > 0.5


def test_the_same_seed_gives_the_same_sample_and_another_seed_another():
    first, again = sample_tastes(**SMALL), sample_tastes(**SMALL)
    assert first.ratings.equals(again.ratings)
    assert first.movies.equals(again.movies)
    np.testing.assert_array_equal(first.groups, again.groups)
    other = sample_tastes(**(SMALL | {"seed": 6}))
    assert not first.ratings.equals(other.ratings)
    assert not first.movies.equals(other.movies)


@pytest.mark.parametrize("layout", ["csv", "parquet"])
def test_the_same_seed_writes_the_same_bytes(layout, tmp_path):
    for folder in ("first", "again"):
        write_sample(sample_tastes(**SMALL), tmp_path / "new" / folder, layout=layout)
    names = sorted(path.name for path in (tmp_path / "new" / "first").iterdir())
    assert names == [f"groups.{layout}", f"movies.{layout}", f"ratings.{layout}"]
    for name in names:
        first, again = (tmp_path / "new" / folder / name for folder in ("first", "again"))
        assert first.read_bytes() == again.read_bytes()


def test_batches_do_not_depend_on_their_order(monkeypatch):
    monkeypatch.setattr(module, "_USERS_PER_BATCH", 16)
    whole = sample_tastes(**SMALL)
    batches = list(iter_ratings(**SMALL))
    assert [batch["userId"][0].as_py() for batch in batches] == [1, 17, 33, 49]
    assert pa.concat_tables(batches).combine_chunks().equals(whole.ratings)
    films = Films.invent(300, 4, 5)
    for b in (2, 0, 3, 1):
        assert module._batch(films, 60, b, 5, 70)[0].equals(batches[b])


@pytest.mark.parametrize("layout", ["csv", "parquet"])
def test_batches_are_written_as_the_whole_sample_would_be(layout, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_USERS_PER_BATCH", 16)
    monkeypatch.setattr(module, "_ROWS_PER_GROUP", 700)
    write_rows = pq.write_table
    monkeypatch.setattr(
        pq, "write_table", lambda table, path: write_rows(table, path, row_group_size=700)
    )
    sample = sample_tastes(**SMALL)
    write_sample(sample, tmp_path / "whole", layout=layout)
    calls = []
    rows = write_tastes(
        tmp_path / "batches",
        **SMALL,
        layout=layout,
        progress=lambda *step: calls.append(step),
    )
    assert rows == len(sample.ratings)
    assert calls == [(16, 60), (32, 60), (48, 60), (60, 60)]
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "batches" / path.name).read_bytes(), path.name


def test_a_median_of_46_makes_a_mean_of_about_a_hundred():
    rows = sum(len(batch) for batch in iter_ratings(n_users=4000, n_movies=3000, median_ratings=46))
    assert 88 < rows / 4000 < 108


def test_movies_alone_equal_those_of_the_sample():
    assert sample_movies(n_movies=300, seed=5).equals(sample_tastes(**SMALL).movies)


def test_csv_files_are_in_movielens_format(tmp_path):
    sample = sample_tastes(**SMALL)
    write_sample(sample, tmp_path)
    lines = (tmp_path / "ratings.csv").read_bytes().decode().split("\n")
    assert lines[0] == "userId,movieId,rating,timestamp"
    row = sample.ratings.slice(0, 1).to_pylist()[0]
    assert lines[1] == f"1,{row['movieId']},{row['rating']:.1f},{row['timestamp']}"
    assert lines[-1] == ""
    assert not any('"' in line or "\r" in line for line in lines)
    assert (tmp_path / "groups.csv").read_text().startswith(f"userId,group\n1,{sample.groups[0]}\n")
    assert pc.read_csv(tmp_path / "ratings.csv").equals(sample.ratings)


def test_titles_round_trip_and_are_quoted_only_where_needed(tmp_path):
    sample = sample_tastes(**(SMALL | {"n_movies": 2000}))
    write_sample(sample, tmp_path)
    text = (tmp_path / "movies.csv").read_bytes().decode("utf-8")
    with (tmp_path / "movies.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    titles = sample.movies["title"].to_pylist()
    assert [row["title"] for row in rows] == titles
    assert [row["genres"] for row in rows] == sample.movies["genres"].to_pylist()
    for line, title in zip(text.split("\n")[1:], titles, strict=False):
        assert ('"' in line) == ("," in title or '"' in title)


def test_parquet_files_hold_the_tables(tmp_path):
    sample = sample_tastes(**SMALL)
    write_sample(sample, tmp_path, layout="parquet")
    assert pq.read_table(tmp_path / "ratings.parquet").equals(sample.ratings)
    assert pq.read_table(tmp_path / "movies.parquet").equals(sample.movies)
    groups = pq.read_table(tmp_path / "groups.parquet")
    assert groups["userId"].to_pylist() == list(range(1, 61))
    assert groups["group"].to_pylist() == sample.groups.tolist()


def test_the_smallest_catalogue_is_rated_in_full():
    sample = sample_tastes(n_users=5, n_movies=20, n_groups=1)
    assert len(sample.ratings) == 100
    assert sample.groups.tolist() == [0] * 5


def test_more_groups_than_are_described_can_be_asked_for():
    sample = sample_tastes(n_users=400, n_movies=300, n_groups=9)
    assert set(sample.groups.tolist()) == set(range(9))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_users": 0}, "n_users: expected at least 1, got 0"),
        ({"n_movies": 19}, "n_movies: expected at least 20, .* got 19"),
        ({"n_groups": 0}, "n_groups: expected 1 to 610 .* got 0"),
        ({"n_users": 3}, "n_groups: expected 1 to 3 for 3 users, got 4"),
        ({"seed": -1}, "seed: expected 0 or more, got -1"),
    ],
)
@pytest.mark.parametrize("make", [sample_tastes, iter_ratings])
def test_bad_sizes_are_refused_in_one_sentence(make, sizes, message):
    with pytest.raises(InputError, match=message):
        make(**sizes)


def test_a_median_of_the_minimum_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"median_ratings: expected more than 20, .* got 20"):
        iter_ratings(median_ratings=20)
    with pytest.raises(InputError, match=r"median_ratings: expected more than 20, .* got 20"):
        write_tastes(tmp_path / "s", median_ratings=20)
    assert not (tmp_path / "s").exists()
