from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from lacunar.errors import InputError
from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend import ListRequest, histories_of, new_history


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def title(ax: Axes) -> str:
    return str(ax.get_title(loc="left"))


def test_every_plot_draws_into_given_axes_and_returns_them(sample_model: TasteModel) -> None:
    plot, user = sample_model.plot, sample_model.ratings.users[0].as_py()
    item = sample_model.recommend(user, k=1)["item"][0].as_py()
    figure, ((a, b), (c, d)) = plt.subplots(2, 2)
    assert plot.map(a) is a
    assert plot.profiles(b) is b
    assert plot.criteria(c) is c
    assert plot.reasons(user, item, ax=d) is d
    figure.canvas.draw()
    assert len({title(ax) for ax in (a, b, c, d)}) == 4


def test_the_map_shows_every_user_in_the_segment_of_the_user(sample_model: TasteModel) -> None:
    ax = sample_model.plot.map()
    drawn = [points.get_offsets() for points in ax.collections]
    labels = sample_model.segments.labels
    for segment, places in enumerate(drawn):
        expected = sample_model.user_map.coordinates[labels == segment]
        np.testing.assert_array_equal(places, expected)
    legend = [text.get_text().replace("\n", " ") for text in ax.get_legend().get_texts()]
    assert len(legend) == sample_model.segments.n_segments
    for segment, name in enumerate(sample_model.segments.names):
        members = sample_model.segments.populations[segment]
        assert legend[segment] == f"{segment}: {name} ({members})"
    assert ax.get_xlabel() == "All 120 users. Axes have no unit"


def test_a_map_of_a_sample_says_so(sample_model: TasteModel) -> None:
    few = replace(sample_model.user_map, users=np.arange(9), coordinates=np.zeros((9, 2)))
    ax = replace(sample_model, user_map=few).plot.map()
    assert ax.get_xlabel().startswith("A sample: 9 of 120 users")


def test_profiles_are_ratios_of_mean_shares(sample_model: TasteModel) -> None:
    ax = sample_model.plot.profiles()
    written = {
        tuple(map(int, text.get_position())): float(text.get_text()[:-1]) for text in ax.texts
    }
    genres = [label.get_text() for label in ax.get_yticklabels()]
    shares = sample_model.profiles.shares
    for segment in range(sample_model.segments.n_segments):
        members = shares[sample_model.segments.members(segment)].mean(axis=0)
        for row, genre in enumerate(genres):
            g = sample_model.ratings.genres.index(genre)
            ratio = members[g] / shares[:, g].mean()
            assert written[segment, row] == pytest.approx(ratio, abs=0.051)
    overall = [shares[:, sample_model.ratings.genres.index(genre)].mean() for genre in genres]
    assert overall == sorted(overall, reverse=True)


def test_a_genre_that_nobody_watches_has_no_number(sample_model: TasteModel) -> None:
    counts = sample_model.profiles.counts.copy()
    counts[:, 3] = 0
    model = replace(sample_model, profiles=replace(sample_model.profiles, counts=counts))
    ax = model.plot.profiles()
    n_segments, n_genres = model.segments.n_segments, counts.shape[1]
    assert len(ax.texts) == n_segments * (n_genres - 1)


def test_criteria_mark_the_chosen_number_of_segments(sample_model: TasteModel) -> None:
    ax = sample_model.plot.criteria()
    *_, chosen = ax.collections
    k, bic = chosen.get_offsets()[0]
    grid = sample_model.fit_grid
    assert k == sample_model.segments.n_segments
    assert bic == grid.bic[grid.n_components.index(int(k))].min()
    assert [int(tick) for tick in ax.get_xticks()] == list(grid.n_components)


@pytest.mark.parametrize("by", RECOMMENDERS)
def test_the_parts_of_a_score_sum_to_it(sample_model: TasteModel, by: str) -> None:
    ratings = sample_model.ratings
    user = ratings.users[5].as_py()
    request = ListRequest(k=1, by=by)  # type: ignore[arg-type]
    [[film]] = sample_model.recommend_lists(histories_of(ratings, user), request)
    ax = sample_model.plot.reasons(user, ratings.items["item_id"][film.item].as_py(), by=by)
    bars = [patch.get_width() for patch in ax.patches]
    rest = re.search(r"\((.*) from", ax.get_xlabel())
    others = float(rest[1].replace("\N{MINUS SIGN}", "-")) if rest else 0.0
    assert sum(bars) + others == pytest.approx(film.score, abs=0.001)
    assert bars == sorted(bars, reverse=True)
    assert f"user {user}" in title(ax).replace("\n", " ")


def test_a_new_user_has_reasons_too(sample_model: TasteModel) -> None:
    ids = sample_model.ratings.items["item_id"].to_pylist()
    given = {ids[3]: 5.0}
    ax = sample_model.plot.reasons(given, ids[9])
    [parts] = sample_model.recommender().decompose(new_history(sample_model.ratings, given), [9])
    assert sum(patch.get_width() for patch in ax.patches) == pytest.approx(parts.total)
    assert "a new user" in title(ax).replace("\n", " ")


def test_a_film_that_cannot_be_recommended_is_refused(sample_model: TasteModel) -> None:
    counts = sample_model.film_counts.likes
    segment = int(sample_model.segments.labels[0])
    unloved = int(np.flatnonzero(counts[segment] == 0)[0])
    item = sample_model.ratings.items["item_id"][unloved].as_py()
    user = sample_model.ratings.users[0].as_py()
    with pytest.raises(InputError, match="nobody in the segment likes it"):
        sample_model.plot.reasons(user, item, by="segment")
    with pytest.raises(InputError, match="expected the id of one of 300 films"):
        sample_model.plot.reasons(user, "none")
