from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lacunar.frames import FrameKind
from lacunar.mixture.fit_grid import FIT_GRID_CELLS
from lacunar.taste.model import TasteModel

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}


def of_kind(model: TasteModel, kind: FrameKind) -> TasteModel:
    return replace(model, ratings=replace(model.ratings, frame_kind=kind))


def frames(model: TasteModel) -> dict[str, Any]:
    return {
        "recommend": model.recommend([4, 42], k=3),
        "with reasons": model.recommend(42, k=2, reasons=True),
        "recommend_new": model.recommend_new({}, k=3),
        "memberships": model.memberships(),
        "user_profiles": model.user_profiles(),
        "segment_profiles": model.segment_profiles(),
        "criteria": model.criteria(),
    }


def test_memberships_of_each_user_sum_to_one(sample_model: TasteModel) -> None:
    segments, found = sample_model.segments, sample_model.memberships()
    shape = (sample_model.ratings.n_users, segments.n_segments)
    assert found.column_names == ["user", "segment", "name", "probability"]
    probabilities = found["probability"].to_numpy().reshape(shape)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(shape[0]))
    assert (probabilities == segments.responsibilities).all()
    users = found["user"].to_numpy().reshape(shape)
    assert (sample_model.ratings.users.to_numpy() == users.T).all()
    for row in found.to_pylist()[: 2 * shape[1]]:
        assert row["name"] == segments.names[row["segment"]]


@pytest.mark.parametrize("fixture", ["sample_model", "source_model"])
def test_profiles_are_those_of_the_log_with_its_gaps(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    model: TasteModel = request.getfixturevalue(fixture)
    genres = list(model.ratings.genres)
    users = of_kind(model, "pandas").user_profiles()
    assert users.columns.tolist() == ["user", *genres]
    np.testing.assert_array_equal(users[genres].to_numpy(), model.profiles.means)
    assert model.user_profiles()["user"].to_pylist() == model.ratings.users.to_pylist()
    nulls = sum(model.user_profiles()[genre].null_count for genre in genres)
    assert nulls == model.profiles.gaps.sum() > 0
    segments = of_kind(model, "pandas").segment_profiles()
    assert segments.columns.tolist() == ["segment", "name", "users", *genres]
    # Every cell is the mean of the members' known cells.
    by_hand = users[genres].groupby(model.segments.labels)
    assert segments["users"].tolist() == by_hand.size().tolist()
    np.testing.assert_allclose(segments[genres].to_numpy(), by_hand.mean().to_numpy())
    assert segments["name"].tolist() == list(model.segments.names)


def test_a_genre_with_the_name_of_a_column_gets_another(sample_model: TasteModel) -> None:
    first, second, *others = sample_model.ratings.genres
    genres = ("user", "name", *others)
    ratings = replace(sample_model.ratings, genres=genres)
    profiles = replace(sample_model.profiles, genres=genres)
    model = replace(sample_model, ratings=ratings, profiles=profiles)
    users = model.user_profiles()
    assert users.column_names[:3] == ["user", "genre:user", "name"]
    plain = sample_model.user_profiles()
    assert users["genre:user"].equals(plain[first])
    assert users["name"].equals(plain[second])
    segments = model.segment_profiles()
    assert segments.column_names[:5] == ["segment", "name", "users", "user", "genre:name"]


def test_criteria_are_those_of_the_grid(sample_model: TasteModel) -> None:
    grid, found = sample_model.fit_grid, sample_model.criteria()
    assert found.column_names == ["n_components", "seed", *FIT_GRID_CELLS]
    rows = {(row["n_components"], row["seed"]): row for row in found.to_pylist()}
    assert len(rows) == found.num_rows == len(grid.n_components) * len(grid.seeds)
    for i, k in enumerate(grid.n_components):
        for j, seed in enumerate(grid.seeds):
            row = rows[k, seed]
            assert row["bic"] == grid.bic[i, j]
            assert row["converged"] == grid.converged[i, j]
            assert row["agreement"] == grid.agreement[i]
            assert row["held_out"] is None


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_are_of_the_library_of_the_data(sample_model: TasteModel, kind: FrameKind) -> None:
    expected = frames(sample_model)
    for name, frame in frames(of_kind(sample_model, kind)).items():
        assert isinstance(frame, FRAMES[kind]), name
        table = frame if kind == "pyarrow" else pa.table(frame)
        assert table.column_names == expected[name].column_names, name
        for column in table.column_names:
            if column != "reasons":
                assert table[column].to_pylist() == expected[name][column].to_pylist(), name
