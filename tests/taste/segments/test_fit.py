from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.mixture.chunked import LocalExpectation
from lacunar.mixture.prior import CovariancePrior
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.fit import fit_segments


def test_segments_are_the_same_as_in_a_whole_fit(
    sample_ratings: Ratings, sample_model: TasteModel
) -> None:
    found = fit_segments(sample_ratings, sample_model.config)
    expected = sample_model.segments
    assert (found.segments.responsibilities == expected.responsibilities).all()
    assert found.segments.names == expected.names


def test_progress_ends_with_all_fits(sample_ratings: Ratings) -> None:
    steps: list[tuple[str, int, int]] = []
    config = TasteConfig(max_components=2, n_seeds=2)
    fit_segments(sample_ratings, config, progress=lambda *stage: steps.append(stage))
    assert steps[-1] == ("mixtures", 6, 6)
    assert np.diff([done for stage, done, _ in steps if stage == "mixtures"]).min() >= 0


def test_too_few_users_are_refused(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", "2,2,3.0,1"))
    with pytest.raises(InputError, match="expected at least 3 users to form segments, got 2"):
        fit_segments(ratings, TasteConfig(min_components=3))


def sampled(**changes: object) -> TasteConfig:
    settings = {"min_components": 3, "max_components": 3, "n_seeds": 6}
    return TasteConfig(**settings | {"search_users": 90, "sample_users": 80} | changes)


def test_with_many_users_the_search_uses_a_sample_and_the_fit_uses_all(
    sample_ratings: Ratings,
) -> None:
    found = fit_segments(sample_ratings, sampled())
    assert found.sample is not None
    assert (len(found.sample), len(found.found.labels)) == (80, 80)
    assert found.segments.responsibilities.shape == (120, 3)
    assert found.near_best_labels.shape == (5, 120)
    rows = LocalExpectation(found.data, "diag")
    prior = CovariancePrior.from_variances(rows.variances, 3, "diag", weight=3.0)
    mixture = found.segments.mixture.moved_by(-rows.origin)
    bound = rows.statistics(mixture)[0] + prior.log_density(mixture) / 120
    start = found.found.chosen.moved_by(-rows.origin)
    assert bound[0] > rows.statistics(start)[0][0] + prior.log_density(start)[0] / 120
    # As high as a search over all users finds.
    whole = fit_segments(sample_ratings, sampled(search_users=120))
    assert whole.sample is None
    assert bound[0] == pytest.approx(whole.found.fit_grid.lower_bound.max(), abs=0.05)


def test_the_limit_of_users_has_no_effect_if_all_are_searched(sample_ratings: Ratings) -> None:
    found, expected = (
        fit_segments(sample_ratings, sampled(search_users=n)).segments for n in (120, 20_000)
    )
    assert found.responsibilities.tobytes() == expected.responsibilities.tobytes()


@pytest.mark.parametrize("preset", ["default", "source"])
def test_both_presets_can_be_sampled(sample_ratings: Ratings, preset: str) -> None:
    config = TasteConfig.of_preset(
        preset, max_components=2, n_seeds=3, search_users=100, sample_users=100
    )
    found = fit_segments(sample_ratings, config)
    assert found.segments.populations.sum() == 120


def without_years(ratings: Ratings, dated: float = 0.0) -> Ratings:
    """The same ratings with years for a share of the films."""
    years = ratings.years.copy()
    years[int(dated * len(years)) :] = np.nan
    column = pa.array(years, from_pandas=True).cast(pa.int16())
    return replace(ratings, items=ratings.items.set_column(2, "year", column))


def test_without_years_the_default_view_leaves_out_periods(sample_ratings: Ratings) -> None:
    config = TasteConfig(n_seeds=2, min_components=2, max_components=2)
    expected = fit_segments(sample_ratings, config.model_copy(update={"view": "shares"}))
    # A few films with a year do not bring the periods back.
    for dated in (0.0, 0.2):
        ratings = without_years(sample_ratings, dated)
        found = fit_segments(ratings, config)
        assert found.periods.periods == ()
        assert found.data.values.tobytes() == expected.data.values.tobytes()
        assert found.segments.responsibilities.tobytes() == (
            expected.segments.responsibilities.tobytes()
        )
        assert found.placer(ratings, config).rule.config.view == "shares"
    few = without_years(sample_ratings, 0.2)
    explicit = fit_segments(few, config.model_copy(update={"view": "periods"}))
    assert explicit.periods.periods
    with pytest.raises(InputError, match="expected titles that end in a year"):
        fit_segments(without_years(sample_ratings), TasteConfig(view="means+periods"))


def test_rows_on_a_cluster_are_of_the_view_without_periods(sample_ratings: Ratings) -> None:
    ratings, views = without_years(sample_ratings), []
    local = fit_segments(ratings, sampled())

    @contextmanager
    def rows(config: TasteConfig) -> Iterator[LocalExpectation]:
        views.append(config.view)
        yield LocalExpectation(local.data, config.covariance_type)

    found = fit_segments(ratings, sampled(), rows_provider=rows)
    assert views == ["shares"]
    assert found.segments.responsibilities.shape == (120, 3)


@pytest.mark.parametrize("view", ["shares+periods", "shares", "relative", "log-shares"])
def test_users_without_differences_are_one_segment(sample_ratings: Ratings, view: str) -> None:
    log = sample_ratings.log.select(["user", "item", "rating"])
    ratings = read_ratings(log, user="user", item="item")
    found = fit_segments(ratings, TasteConfig(view=view, n_seeds=2))
    assert found.found.fit_grid.n_components == (1,)
    assert found.segments.populations.tolist() == [120]
    assert found.segments.names == ("All-round taste",)
    with pytest.raises(InputError, match=r"^min_components: expected users who differ in the view"):
        fit_segments(ratings, TasteConfig(view=view, min_components=2))
    # Users differ in how generous they are.
    generosity = fit_segments(ratings, TasteConfig(view="means", n_seeds=2, max_components=2))
    assert generosity.found.fit_grid.n_components == (1, 2)
