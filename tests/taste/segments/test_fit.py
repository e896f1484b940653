from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
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
