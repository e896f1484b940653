import re

import numpy as np
import pyarrow as pa
import pytest

from lacunar.datasets.tastes.titles import GENRES, NO_GENRE, invented_films, movies_table


@pytest.fixture(scope="module")
def films():
    return invented_films(20_000, np.random.default_rng(0))


def test_titles_are_distinct_and_end_in_a_year(films):
    titles, _ = films
    assert len(set(titles)) == len(titles)
    years = [int(re.search(r" \((\d{4})\)$", title)[1]) for title in titles]
    assert min(years) >= 1920
    assert max(years) <= 2014


def test_an_article_fits_its_noun(films):
    titles, _ = films
    nouns = {title[0] for title in titles if ", An (" in title}
    others = {title[0] for title in titles if ", A (" in title}
    assert nouns == set("AEIOU")
    assert others.isdisjoint(nouns)


def test_a_leading_article_stands_last(films):
    titles, _ = films
    assert sum(title.endswith(")") and ", The (" in title for title in titles) > 4000
    assert not any(re.match(r"(A|An|The|El) |L'", title) for title in titles)


@pytest.mark.parametrize("mark", [",", '"', "é", "É", "ñ"])
def test_some_titles_hold_awkward_characters(films, mark):
    titles, _ = films
    assert sum(mark in title for title in titles) > 20


def test_films_have_one_to_four_genres_and_the_mark_stands_alone(films):
    _, genres = films
    counts = genres.sum(axis=1)
    assert counts.min() == 1
    assert counts.max() == 4
    unlisted = genres[:, GENRES.index(NO_GENRE)]
    assert unlisted.any()
    assert (counts[unlisted] == 1).all()


def test_genres_are_as_skewed_as_in_movielens(films):
    _, genres = films
    # Film shares in ml-latest-small.
    published = {"Drama": 0.448, "Comedy": 0.386, "Action": 0.188, "Western": 0.017, "IMAX": 0.016}
    for genre, share in published.items():
        assert genres[:, GENRES.index(genre)].mean() == pytest.approx(share, rel=0.35)


def test_genres_that_go_together_meet_more_often_than_by_chance(films):
    _, genres = films
    share = dict(zip(GENRES, genres.mean(axis=0), strict=True))

    def lift(first, second):
        both = genres[:, GENRES.index(first)] & genres[:, GENRES.index(second)]
        return both.mean() / (share[first] * share[second])

    assert lift("Animation", "Children") > 2
    assert lift("Children", "Horror") < 0.5


def test_the_same_state_invents_the_same_films():
    first = invented_films(50, np.random.default_rng(3))
    again = invented_films(50, np.random.default_rng(3))
    other = invented_films(50, np.random.default_rng(4))
    assert first[0] == again[0] != other[0]
    np.testing.assert_array_equal(first[1], again[1])


def test_the_table_joins_genres_in_movielens_order():
    genres = np.isin(GENRES, ["War", "Drama", "Sci-Fi"])[np.newaxis]
    table = movies_table(np.array([5]), ["Ulvamora (1980)"], genres)
    assert table.to_pylist() == [
        {"movieId": 5, "title": "Ulvamora (1980)", "genres": "Drama|Sci-Fi|War"}
    ]
    assert table.schema.types == [pa.int64(), pa.string(), pa.string()]
