from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lacunar.frames import FrameKind
from lacunar.taste.evaluate.comparison import METRICS, Comparison, MethodResult, Seconds
from lacunar.taste.evaluate.ranked_lists import USER_METRICS


def result(*values: list[float], covered: tuple[float, ...]) -> MethodResult:
    """Every metric of each user has the same value."""
    columns = tuple(np.tile(np.array(part)[:, np.newaxis], len(USER_METRICS)) for part in values)
    return MethodResult(columns, covered, Seconds(1.0, 0.5))


@pytest.fixture
def found() -> Comparison:
    """Users 3, 4, 8 on two splits, user 4 on the second only."""
    return Comparison(
        users=(np.array([3, 8]), np.array([3, 4, 8])),
        n_ratings=(np.array([0, 25]), np.array([1, 200, 30])),
        results={
            "low": result([0.0, 0.2], [0.2, 0.4, 0.4], covered=(0.1, 0.2)),
            "high": result([0.5, 0.7], [0.7, 0.9, 0.9], covered=(0.3, 0.6)),
        },
    )


def test_every_user_counts_once(found: Comparison) -> None:
    assert found.n_users == 3
    summary = found.summary()
    assert {name: tuple(values) for name, values in summary.items()} == {
        "low": METRICS,
        "high": METRICS,
    }
    # Users 3, 4 and 8 have means of .1, .4 and .3.
    assert summary["low"]["ndcg@10"].mean == pytest.approx(0.8 / 3)
    assert summary["low"]["ndcg@10"].low == pytest.approx(0.1)
    assert summary["low"]["ndcg@10"].high == pytest.approx(0.4)


def test_coverage_ranges_over_splits(found: Comparison) -> None:
    covered = found.summary()["high"]["coverage"]
    assert (covered.mean, covered.low, covered.high) == (pytest.approx(0.45), 0.3, 0.6)


def test_differences_are_taken_user_by_user(found: Comparison) -> None:
    differences = found.differences("low")
    assert list(differences) == ["high"]
    gain = differences["high"]["recall@20"]
    # Each user gains .5, so there is nothing to be unsure of.
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.5, 0.5, 0.5))
    assert differences["high"]["coverage"].high == pytest.approx(0.4)
    assert found.differences("high")["low"]["mrr@10"].mean == pytest.approx(-0.5)


def test_a_single_method_has_no_differences(found: Comparison) -> None:
    alone = Comparison(found.users, found.n_ratings, {"low": found.results["low"]})
    assert alone.differences("low") == {}


def test_slices_go_by_the_length_of_the_history(found: Comparison) -> None:
    slices = {part.name: part for part in found.by_history()}
    assert {name: part.n_users for name, part in slices.items()} == {
        "0": 1, "1-19": 1, "20-49": 1, "200+": 1,
    }  # fmt: skip
    means = {name: part.summary["low"]["ndcg@10"].mean for name, part in slices.items()}
    assert means == pytest.approx({"0": 0.0, "1-19": 0.2, "20-49": 0.3, "200+": 0.4})
    assert tuple(slices["0"].summary["high"]) == USER_METRICS


def test_missing_values_are_left_out_of_means() -> None:
    lone = result([np.nan, 0.4], covered=(0.1,))
    found = Comparison((np.array([0, 1]),), (np.array([0, 3]),), {"some": lone})
    assert found.summary()["some"]["miscalibration@10"].mean == 0.4
    first = found.by_history()[0]
    assert first.name == "0"
    assert np.isnan(first.summary["some"]["ndcg@10"].mean)


def test_the_frame_has_the_summary_row_by_row(found: Comparison) -> None:
    rows = found.to_frame().to_pylist()
    summary = found.summary()
    assert [(row["method"], row["metric"]) for row in rows] == [
        (method, metric) for method in ("low", "high") for metric in METRICS
    ]
    for row in rows:
        interval = summary[row["method"]][row["metric"]]
        assert (row["mean"], row["low"], row["high"]) == (
            interval.mean,
            interval.low,
            interval.high,
        )


@pytest.mark.parametrize(
    ("kind", "frame"),
    [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("pyarrow", pa.Table)],
)
def test_the_frame_is_of_the_library_of_the_log_or_of_the_one_asked_for(
    found: Comparison, kind: FrameKind, frame: type
) -> None:
    assert isinstance(replace(found, frame_kind=kind).to_frame(), frame)
    assert isinstance(found.to_frame(kind), frame)


def test_the_frame_is_null_where_there_is_no_value() -> None:
    lone = result([np.nan], covered=(0.1,))
    frame = Comparison((np.array([0]),), (np.array([0]),), {"some": lone}).to_frame()
    assert frame["mean"].null_count == len(USER_METRICS)
    empty = Comparison((np.array([0]),), (np.array([0]),), {}).to_frame()
    assert (empty.num_rows, empty.schema) == (0, frame.schema)
