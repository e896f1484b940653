from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lacunar.report.tables import Table
from lacunar.taste.model import TasteModel
from lacunar.web.views import tastes
from lacunar.web.views.tastes import TasteViews


@pytest.fixture
def views(sample_model: TasteModel) -> TasteViews:
    return TasteViews(sample_model)


def test_links_count_every_user_once(views: TasteViews, sample_model: TasteModel) -> None:
    shown = [int(link.population.replace(",", "")) for link in views.links]
    assert shown == sample_model.segments.populations.tolist()
    assert [link.name for link in views.links] == list(sample_model.segments.names)
    assert len({link.marker for link in views.links}) == len(views.links)


def test_a_segments_neighbours_are_those_beside_it(views: TasteViews) -> None:
    last = len(views.links) - 1
    assert views.segment(0)["previous"] is None
    assert views.segment(0)["next"] is views.links[1]
    assert views.segment(last)["next"] is None
    assert [link.id for link in views.segment(1)["others"]] == [
        k for k in range(last + 1) if k != 1
    ]


def test_what_is_worked_out_once_is_kept(views: TasteViews) -> None:
    assert views.segment(0) is views.segment(0)
    assert views.overview is views.overview


def test_preparing_leaves_nothing_for_the_first_reader(
    views: TasteViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    views.prepare()

    def late(*_: object, **__: object) -> Iterator[None]:
        raise AssertionError("worked out late")

    for name in ("portraits", "segment_means", "user_map", "shares_beside"):
        monkeypatch.setattr(tastes, name, late)
    _ = views.overview
    for segment in range(len(views.links)):
        views.segment(segment)


def test_a_large_map_is_a_sample(
    views: TasteViews, sample_model: TasteModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = sample_model.ratings.n_users
    assert f"All {n} users" in str(views.overview["map"])
    monkeypatch.setattr(tastes, "_MAP_USERS", 50)
    sampled = str(TasteViews(sample_model).overview["map"])
    assert f"A sample: 50 of {n} users" in sampled
    assert sampled == str(TasteViews(sample_model).overview["map"])


def test_belonging_names_the_most_probable_segment(views: TasteViews) -> None:
    k = len(views.links)
    probabilities = np.full(k, 0.1 / (k - 1))
    probabilities[1] = 0.9
    found = views.belonging("You", probabilities, np.full(k, 1 / k))
    assert found["segment"] is views.links[1]
    table = found["table"]
    assert isinstance(table, Table)
    assert table.columns == ("Segment", "Probability", "Before", "All users")
    assert "Before" not in views.belonging("You", probabilities)["table"].columns


def test_films_to_rate_take_turns_among_segments_and_leave_out_what_is_rated(
    views: TasteViews, sample_model: TasteModel
) -> None:
    firsts = list(dict.fromkeys(portrait.own[0].item for portrait in views.portraits))
    assert views.to_rate({}, 20)[: len(firsts)] == firsts
    rated = {str(sample_model.ratings.items["item_id"][firsts[0]]): 4.0}
    assert firsts[0] not in views.to_rate(rated, 20)
    assert len(views.to_rate({}, 3)) == 3


def test_a_comparison_has_films_for_both_sides(views: TasteViews) -> None:
    found = views.compare(0, 1)
    captions = [table.caption for table in found["films"]]
    assert captions == [f"Liked more by {views.links[k].name}" for k in (0, 1)]
    assert found["films"][0].columns[2:4] == ("Of segment 0", "Of segment 1")
    assert found["films"][1].columns[2:4] == ("Of segment 1", "Of segment 0")
