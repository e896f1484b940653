from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.model import TasteModel
from lacunar.taste.ratings import Ratings, read_ratings
from lacunar.taste.segmentation import fit_segments


def test_segments_alone_are_those_of_the_whole_fit(
    sample_ratings: Ratings, sample_model: TasteModel
) -> None:
    found = fit_segments(sample_ratings, sample_model.config)
    expected = sample_model.segments
    assert (found.segments.responsibilities == expected.responsibilities).all()
    assert found.segments.names == expected.names


def test_progress_ends_with_all_fits(sample_ratings: Ratings) -> None:
    told: list[tuple[int, int]] = []
    config = TasteConfig(max_components=2, n_seeds=2)
    fit_segments(sample_ratings, config, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)
    assert np.diff([done for done, _ in told]).min() >= 0


def test_too_few_users_are_refused(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", "2,2,3.0,1"))
    with pytest.raises(InputError, match="expected at least 3 users to form segments, got 2"):
        fit_segments(ratings, TasteConfig(min_components=3))
