from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.mixture.chunked import LocalExpectation
from lacunar.mixture.data import MixtureData
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.statistics import column_moments
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.segments.fit import fit_segments
from lacunar.taste.segments.mixtures import refine_mixture
from lacunar.taste.spark.expectation import Moments, SparkExpectation, pairwise_sum
from lacunar.taste.spark.features import SparkRows, spark_rows
from lacunar.taste.spark.log import SparkLog

pytestmark = pytest.mark.slow

SMALL = {"min_components": 3, "max_components": 3, "n_seeds": 3}
CONFIGS = {
    "noise, diagonal": TasteConfig(**SMALL),
    "gaps, full": TasteConfig(view="means", noise=False, covariance_type="full", **SMALL),
    "filled, full": TasteConfig.of_preset("source", **SMALL),
}


@dataclass(frozen=True)
class Both:
    """The same rows on Spark and locally, and mixtures fitted to them."""

    rows: SparkRows
    there: SparkExpectation
    here: LocalExpectation
    data: MixtureData
    mixtures: MixtureParameters


@pytest.fixture(scope="module", params=CONFIGS.values(), ids=CONFIGS.keys())
def both(request: pytest.FixtureRequest, sample_log: SparkLog, sample_ratings: Ratings) -> Both:
    config = request.param
    fit = fit_segments(sample_ratings, config)
    rows = spark_rows(sample_log, config)
    return Both(
        rows,
        SparkExpectation(rows, config.covariance_type),
        LocalExpectation(fit.data, config.covariance_type),
        fit.data,
        fit.found.near_best,
    )


def test_the_rows_are_those_made_here(
    both: Both, fetched: Callable[[SparkRows], MixtureData]
) -> None:
    found, expected = fetched(both.rows), both.data
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=1e-12)
    if expected.noise is None:
        assert found.noise is None
    else:
        assert found.noise is not None
        np.testing.assert_allclose(found.noise, expected.noise, rtol=0, atol=1e-12)


def test_moments_are_those_of_all_rows(both: Both) -> None:
    assert both.there.n_rows == both.here.n_rows == 120
    np.testing.assert_allclose(both.there.origin, both.here.origin, atol=1e-12)
    np.testing.assert_allclose(both.there.variances, both.here.variances, atol=1e-12)


def test_lower_bounds_and_sums_are_those_made_here(both: Both) -> None:
    bound, sums = both.there.statistics(both.mixtures.moved_by(-both.there.origin))
    expected, other = both.here.statistics(both.mixtures.moved_by(-both.here.origin))
    np.testing.assert_allclose(bound, expected, rtol=0, atol=1e-10)
    for name in ("mass", "first", "second"):
        one, two = getattr(sums, name), getattr(other, name)
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-9, err_msg=name)


def test_a_step_taken_twice_is_the_same_to_the_bit(both: Both) -> None:
    moved = both.mixtures.moved_by(-both.there.origin)
    (bound, sums), (again, others) = both.there.statistics(moved), both.there.statistics(moved)
    assert bound.tobytes() == again.tobytes()
    assert sums.second.tobytes() == others.second.tobytes()


def test_users_belong_where_they_belong_here(both: Both) -> None:
    one = both.mixtures.take(slice(0, 1))
    np.testing.assert_allclose(
        both.there.responsibilities(one), both.here.responsibilities(one), rtol=0, atol=1e-10
    )
    np.testing.assert_array_equal(both.there.labels(both.mixtures), both.here.labels(both.mixtures))


def test_em_over_all_users_ends_where_it_ends_here(
    sample_log: SparkLog, sample_ratings: Ratings
) -> None:
    config = TasteConfig(search_users=100, sample_users=60, max_iter=6, **SMALL)
    fit = fit_segments(sample_ratings, config)
    there = SparkExpectation(spark_rows(sample_log, config), config.covariance_type)
    here = LocalExpectation(fit.data, config.covariance_type)
    found = refine_mixture(there, fit.found, config)
    expected = refine_mixture(here, fit.found, config)
    np.testing.assert_allclose(found.means, expected.means, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=0, atol=1e-8)


def test_periods_are_refused_where_no_film_has_one(sample_log: SparkLog) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lacunar.taste.spark.features.rated_periods", lambda log: ())
        with pytest.raises(InputError, match="expected titles that end in a year"):
            spark_rows(sample_log, TasteConfig())


@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=6),
    st.integers(0, 1000),
)
def test_moments_of_parts_add_up_to_those_of_the_whole(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(5, 2, size=(n, 3)) for n in sizes]
    for part in parts:
        part[rng.random(part.shape) < 0.3] = np.nan
    x = np.concatenate(parts)
    found = pairwise_sum([moments(part) for part in parts])
    means, variances = column_moments(x)
    known = found.counts > 0
    np.testing.assert_array_equal(found.counts, (~np.isnan(x)).sum(axis=0))
    np.testing.assert_allclose(found.means[known], means[known])
    np.testing.assert_allclose(
        (found.squares / np.maximum(found.counts, 1))[known], variances[known], atol=1e-12
    )


def moments(x: np.ndarray) -> Moments:
    counts = (~np.isnan(x)).sum(axis=0).astype(float)
    means, variances = column_moments(x)
    return Moments(counts, means, counts * variances)


@given(st.lists(st.integers(), min_size=1, max_size=20))
def test_pairwise_sums_lose_nothing(numbers: list[int]) -> None:
    assert pairwise_sum(numbers) == sum(numbers)
    assert pairwise_sum([[number] for number in numbers]) == numbers
