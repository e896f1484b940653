from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.data.histories import histories_of
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.base import ScorePart, ScorePartKind, ScoreParts


def test_every_part_has_a_documented_kind(sample_model: TasteModel) -> None:
    history = histories_of(sample_model.ratings).take([0])
    found = {
        part.kind
        for by in RECOMMENDERS
        for parts in sample_model.recommender(by).decompose(history, [1, 2])
        for part in parts
    }
    assert found == {"rated", "segment", "popularity"} < set(get_args(ScorePartKind))


OTHERS: dict[ScorePartKind, float] = {"segment": -0.1, "popularity": 0.3}


@pytest.fixture(scope="module")
def parts() -> ScoreParts:
    values = np.random.default_rng(0).normal(size=400).round(2)
    return ScoreParts(OTHERS, values, np.arange(400, dtype=np.int32)[::-1])


def test_iteration_gives_the_rated_films_and_then_the_others(parts: ScoreParts) -> None:
    listed = list(parts)
    assert [part.value for part in listed] == [*parts.rated.tolist(), -0.1, 0.3]
    assert listed[0] == ScorePart("rated", float(parts.rated[0]), 399)
    assert listed[-2:] == [ScorePart("segment", -0.1), ScorePart("popularity", 0.3)]


def test_the_total_is_the_sum_in_order_bit_for_bit(parts: ScoreParts) -> None:
    total = in_favour = 0.0
    for part in parts:
        total += part.value
        in_favour += max(part.value, 0.0)
    assert parts.total == total
    assert parts.in_favour == in_favour


def test_the_largest_parts_equal_a_stable_sort(parts: ScoreParts) -> None:
    assert len(set(parts.rated.tolist())) < 400  # some are equal
    assert parts.largest(50) == sorted(parts, key=lambda part: -part.value)[:50]
    assert len(parts.largest(1000)) == 402


def test_missing_kinds_are_not_listed(parts: ScoreParts) -> None:
    assert list(parts.by_kind()) == ["rated", "segment", "popularity"]
    assert sum(parts.by_kind().values()) == pytest.approx(parts.total, abs=1e-12)
    assert ScoreParts(OTHERS).by_kind() == OTHERS
    assert ScoreParts({}).total == 0.0


def test_adding_a_part_does_not_change_the_others(parts: ScoreParts) -> None:
    more = parts.plus("reranking", -0.5)
    assert list(more) == [*parts, ScorePart("reranking", -0.5)]
    assert more.total == parts.total - 0.5
    assert "reranking" not in parts.by_kind()
