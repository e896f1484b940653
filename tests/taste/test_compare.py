from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from lacunar.errors import InputError
from lacunar.taste.compare import compare_taste
from lacunar.taste.config import TasteConfig
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.to_json import comparison_document


@pytest.fixture(scope="module")
def other(sample_model: TasteModel) -> TasteModel:
    """A model with two segments of every second user, and with ids as text."""
    ratings = sample_model.ratings.of_users(np.arange(0, 120, 2))
    return fit_taste(
        replace(ratings, users=ratings.users.cast("string")),
        TasteConfig(min_components=2, max_components=2, n_seeds=4, refits=0),
    )


def test_a_model_corresponds_to_itself(sample_model: TasteModel) -> None:
    found = compare_taste(sample_model, sample_model)
    assert (found.agreement, found.n_users) == (1.0, 120)
    for segment, pair in enumerate(found.pairs):
        assert (pair.segment_a, pair.segment_b) == (segment, segment)
        assert (pair.share_of_a, pair.share_of_b) == (1.0, 1.0)
        assert pair.users == sample_model.segments.populations[segment]


def test_shares_and_agreement_are_of_the_common_users(
    sample_model: TasteModel, other: TasteModel
) -> None:
    found = compare_taste(sample_model, other)
    a, b = sample_model.segments.labels[::2], other.segments.labels
    assert found.n_users == 60
    assert found.agreement == pytest.approx(adjusted_rand_score(a, b))
    together = Counter(zip(a.tolist(), b.tolist(), strict=True))
    for pair in found.pairs:
        if pair.segment_a is not None and pair.segment_b is not None:
            assert pair.users == together[pair.segment_a, pair.segment_b] > 0
            assert pair.share_of_a == pair.users / (a == pair.segment_a).sum()
            assert pair.share_of_b == pair.users / (b == pair.segment_b).sum()


def test_every_segment_of_both_models_is_there_once(
    sample_model: TasteModel, other: TasteModel
) -> None:
    for first, second in ((sample_model, other), (other, sample_model)):
        pairs = compare_taste(first, second).pairs
        for numbers, model in (
            ([pair.segment_a for pair in pairs], first),
            ([pair.segment_b for pair in pairs], second),
        ):
            known = sorted(number for number in numbers if number is not None)
            assert known == list(range(model.segments.n_segments))
        assert any(None in (pair.name_a, pair.name_b) for pair in pairs)


def test_the_frame_and_the_document_have_the_pairs(
    sample_model: TasteModel, other: TasteModel
) -> None:
    found = compare_taste(sample_model, other)
    rows = found.to_frame().to_pylist()
    assert rows == comparison_document(found)["pairs"]
    assert isinstance(replace(found, frame_kind="pandas").to_frame(), pd.DataFrame)


def test_models_without_common_users_are_refused(sample_model: TasteModel) -> None:
    strangers = pa.array([f"{user} the second" for user in sample_model.ratings.users.to_pylist()])
    ratings = replace(sample_model.ratings, users=strangers)
    with pytest.raises(InputError, match="expected models with common users"):
        compare_taste(sample_model, replace(sample_model, ratings=ratings))
