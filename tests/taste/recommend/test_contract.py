from __future__ import annotations

from typing import get_args

from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.histories import histories_of
from lacunar.taste.recommend.parts import PartKind


def test_every_part_is_of_a_kind_that_is_told_of(sample_model: TasteModel) -> None:
    history = histories_of(sample_model.ratings).take([0])
    found = {
        part.kind
        for by in RECOMMENDERS
        for parts in sample_model.recommender(by).parts(history, [1, 2])
        for part in parts
    }
    assert found == {"rated", "segment", "popularity"} < set(get_args(PartKind))
