from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacunar.taste import serialisation
from lacunar.taste.checkpoint import StageCache
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.segments import stage_results
from lacunar.taste.segments.fit import SegmentFit, fit_segments


def assert_same(found: Any, expected: Any) -> None:
    """Equal in type and in every bit."""
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.tobytes() == expected.tobytes()
    elif isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    else:
        assert found == expected


@pytest.fixture(scope="module")
def fit(sample_ratings: Ratings) -> SegmentFit:
    config = TasteConfig(max_components=3, n_seeds=3, search_users=60, sample_users=60)
    return fit_segments(sample_ratings, config)


KINDS: dict[str, Callable[[SegmentFit, TasteModel], Any]] = {
    "profiles": lambda fit, model: (fit.profiles, fit.periods),
    "search": lambda fit, model: fit.found,
    "mixture": lambda fit, model: fit.segments.mixture,
    "values": lambda fit, model: model.refit_agreement,
    "map": lambda fit, model: model.user_map,
    "tuning": lambda fit, model: model.tuning,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_is_restored_bit_for_bit(
    kind: str, fit: SegmentFit, sample_model: TasteModel, tmp_path: Path
) -> None:
    expected = KINDS[kind](fit, sample_model)
    module = serialisation if hasattr(serialisation, f"pack_{kind}") else stage_results
    pack, unpack = (getattr(module, f"{way}_{kind}") for way in ("pack", "unpack"))
    StageCache(tmp_path, "a").get_or_compute(kind, lambda: expected, pack, unpack)
    found = StageCache(tmp_path, "a").get_or_compute(kind, lambda: None, pack, unpack)
    assert_same(found, expected)
