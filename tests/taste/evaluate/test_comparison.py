from __future__ import annotations

import numpy as np
import pytest

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
