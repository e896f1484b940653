from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lacunar.errors import InputError
from lacunar.mixture.em import posterior
from lacunar.store import load_taste, save_taste
from lacunar.taste.compare import compare_taste
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.fit_notes import FullFit
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.segments import update as segment_update
from lacunar.taste.segments.mixtures import view_rows
from lacunar.taste.update import update_taste

CONFIG = TasteConfig(min_components=3, max_components=3, n_seeds=6, refits=0)


def tables(ratings: Ratings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frames of the ratings and of the films of a log."""
    users, items = ratings.users.to_pylist(), ratings.items.to_pandas()
    log = pd.DataFrame(
        {
            "userId": [users[user] for user in ratings.user],
            "movieId": items["item_id"].to_numpy()[ratings.item],
            "rating": ratings.rating,
            "timestamp": ratings.log["timestamp"].to_numpy(),
        }
    )
    genres = ["|".join(names) for names in ratings.genres_of_items]
    films = pd.DataFrame({"movieId": items["item_id"], "title": items["title"], "genres": genres})
    return log, films


@pytest.fixture(scope="module")
def earlier(sample_ratings: Ratings) -> TasteModel:
    """A model of the earlier nine tenths of the log."""
    log, films = tables(sample_ratings)
    return fit_taste(
        read_ratings(log.sort_values("timestamp")[: len(log) * 9 // 10], films), CONFIG
    )


@pytest.fixture(scope="module")
def updated(earlier: TasteModel, sample_ratings: Ratings) -> TasteModel:
    log, _ = tables(sample_ratings)
    return update_taste(earlier, log.sort_values("timestamp")[len(log) * 9 // 10 :])


def test_the_log_of_an_update_is_the_whole_log(
    earlier: TasteModel, updated: TasteModel, sample_ratings: Ratings
) -> None:
    assert earlier.ratings.n_users < updated.ratings.n_users == sample_ratings.n_users
    assert fingerprint(updated.ratings) == fingerprint(sample_ratings)
    kept = ("config", "fit_grid", "tuning", "agreeing_seeds", "refit_agreement")
    assert all(getattr(updated, name) is getattr(earlier, name) for name in kept)


def test_a_whole_log_and_new_rows_give_the_same_update(
    earlier: TasteModel, updated: TasteModel, sample_directory: Path
) -> None:
    again = update_taste(earlier, sample_directory)
    assert np.array_equal(again.segments.responsibilities, updated.segments.responsibilities)
    assert update_taste(again, sample_directory) is again


def test_segments_fit_the_whole_log_better_than_before(
    earlier: TasteModel, updated: TasteModel
) -> None:
    data = view_rows(updated.config, updated.profiles, updated.periods).observations("diag")
    before = posterior(data, earlier.segments.mixture)[1].mean()
    belongs, after = posterior(data, updated.segments.mixture)
    assert after.mean() > before
    assert np.allclose(belongs[0].T, updated.segments.responsibilities)
    placed = updated.placer.responsibilities(histories_of(updated.ratings))
    assert np.allclose(placed, updated.segments.responsibilities)


def test_users_keep_their_segments_and_segments_their_names(
    earlier: TasteModel, updated: TasteModel
) -> None:
    found = compare_taste(earlier, updated)
    assert [pair.segment_b for pair in found.pairs] == [0, 1, 2]
    assert found.agreement > 0.8
    assert updated.segments.names == earlier.segments.names
    assert updated.near_best_labels.shape == (len(earlier.near_best_labels), 120)
    assert updated.membership_stability.mean() > 0.5


def test_the_item_model_is_that_of_a_fit_to_the_whole_log(updated: TasteModel) -> None:
    fresh = PersonalRecommender(updated.placer, updated.tuning.options).fit(updated.ratings)
    histories = histories_of(updated.ratings, [4, 7])
    assert np.allclose(updated.recommender("personal").score(histories), fresh.score(histories))


def test_the_map_keeps_its_users(earlier: TasteModel, updated: TasteModel) -> None:
    before = earlier.ratings.users.take(earlier.user_map.users).to_pylist()
    assert updated.ratings.users.take(updated.user_map.users).to_pylist() == before


def test_the_size_of_the_last_full_fit_is_kept_and_saved(
    earlier: TasteModel, updated: TasteModel, tmp_path: Path
) -> None:
    full_fit = FullFit(earlier.ratings.n_users, earlier.ratings.log.num_rows)
    assert (earlier.full_fit, updated.full_fit) == (None, full_fit)
    assert updated.criterion == f"{earlier.criterion}; all of this is from {full_fit}"
    save_taste(updated, tmp_path / "model")
    loaded = load_taste(tmp_path / "model")
    assert (loaded.full_fit, loaded.tuning_size) == (full_fit, earlier.ratings.n_users)
    new = pd.DataFrame({"userId": [4], "movieId": [1], "rating": [3.0], "timestamp": [2**31]})
    assert update_taste(loaded, new, pd.DataFrame({"movieId": [1]})).full_fit == full_fit


def test_segments_of_other_users_get_new_names(
    earlier: TasteModel, sample_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_update, "SAME_SEGMENT", 1.01)
    names = update_taste(earlier, sample_directory).segments.names
    assert len({*names, *earlier.segments.names}) == 6


def test_only_a_segment_whose_users_went_elsewhere_is_renamed(
    earlier: TasteModel, sample_directory: Path
) -> None:
    """Before the update, two users take the place of all users of segment 1."""
    labels = earlier.segments.labels.copy()
    labels[labels == 1] = 2
    labels[np.flatnonzero(labels == 0)[:2]] = 1
    segments = replace(earlier.segments, responsibilities=np.eye(3)[labels])
    after = update_taste(replace(earlier, segments=segments), sample_directory)
    known = after.ratings.user_positions(earlier.ratings.users.to_pylist())
    now, kept = after.segments.labels[known], []
    for segment, (old, new) in enumerate(zip(segments.names, after.segments.names, strict=True)):
        kept.append(old == new)
        assert kept[-1] == ((now[labels == segment] == segment).mean() >= 0.5)
    assert sorted(kept) == [False, True, True]


def test_new_genres_and_periods_become_columns(sample_ratings: Ratings) -> None:
    log, films = tables(sample_ratings)
    old = (sample_ratings.years < 1995) & ~films["genres"].str.contains("War").to_numpy()
    early = log[log["movieId"].isin(films["movieId"][old])]
    model = fit_taste(read_ratings(early, films[old]), CONFIG)
    updated = update_taste(model, log, films)
    assert fingerprint(updated.ratings) == fingerprint(sample_ratings)
    assert set(updated.ratings.genres) > set(model.ratings.genres)
    assert len(updated.periods.periods) > len(model.periods.periods)
    assert updated.segments.mixture.n_features == len(updated.ratings.genres) + len(
        updated.periods.periods
    )


@pytest.mark.parametrize(
    "config",
    [
        TasteConfig.of_preset("source", max_components=3, n_seeds=4),
        TasteConfig(view="relative", covariance_type="full", max_components=2, n_seeds=3),
        TasteConfig(max_components=1, n_seeds=1, refits=0),
        TasteConfig(search_users=60, sample_users=50, max_components=3, n_seeds=3, refits=0),
    ],
)
def test_every_kind_of_fit_can_be_updated(sample_ratings: Ratings, config: TasteConfig) -> None:
    half = sample_ratings.of_users(np.arange(0, 120, 2))
    model = fit_taste(half, config)
    updated = update_taste(model, *tables(sample_ratings))
    assert updated.segments.n_segments == model.segments.n_segments
    assert (updated.view, updated.sample_size) == (model.view, model.sample_size)
    assert np.isfinite(updated.segments.responsibilities).all()
    assert compare_taste(model, updated).n_users == 60


def test_implicit_ratings_and_other_columns(sample_ratings: Ratings) -> None:
    log, _ = tables(sample_ratings)
    likes = log.rename(columns={"userId": "who", "movieId": "what"})[["who", "what"]]
    config = TasteConfig(max_components=2, n_seeds=1, refits=0)
    model = fit_taste(read_ratings(likes[:2000], user="who", item="what"), config)
    updated = update_taste(model, likes[2000:], user="who", item="what")
    assert updated.ratings.implicit
    assert updated.ratings.log.num_rows == len(likes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rating": 9.0}, "expected a rating of"),
        ({"movieId": None}, "expected"),
        ({"timestamp": 0}, "expected times of the new ratings"),
    ],
)
def test_invalid_ratings_are_refused(
    earlier: TasteModel, change: dict[str, Any], message: str
) -> None:
    new = pd.DataFrame({"userId": [4], "movieId": [1], "rating": [3.0], "timestamp": [9]})
    with pytest.raises(InputError, match=message):
        update_taste(earlier, new.assign(**change))


def test_progress_names_the_stages(earlier: TasteModel, write_csv: Callable[..., Path]) -> None:
    stages: list[str] = []
    update_taste(
        earlier, write_csv("1,1,4.0,2000000000"), progress=lambda stage, *_: stages.append(stage)
    )
    assert list(dict.fromkeys(stages)) == ["ratings", "profiles", "all users", "item model"]
