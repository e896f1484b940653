from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from lacunar.store.ease import item_model_arrays, read_item_model
from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.ease import EaseModel, PrimalEase, fit_ease
from lacunar.taste.recommend.personal import PersonalOptions, design_rows

OPTIONS = PersonalOptions(content=1.0)


@pytest.mark.parametrize("limits", [{}, {"max_dense": 50}, {"max_films": 100}])
def test_an_item_model_comes_back_from_its_arrays(
    sample_ratings: Ratings, limits: dict[str, int]
) -> None:
    rows = design_rows(sample_ratings, OPTIONS)
    before = fit_ease(rows, 40.0, **limits)
    after = read_item_model(item_model_arrays(before), sample_ratings, OPTIONS)
    assert type(after) is type(before)
    feedback = sp.csr_array(rows[: sample_ratings.n_users])
    assert after.predict(feedback).tobytes() == before.predict(feedback).tobytes()


def test_both_kinds_are_met_above(sample_ratings: Ratings, sample_model: TasteModel) -> None:
    rows = design_rows(sample_ratings, OPTIONS)
    found: list[EaseModel] = [
        fit_ease(rows, 40.0),
        fit_ease(rows, 40.0, max_films=100),
    ]
    assert {type(model) for model in found} == {type(sample_model.ease_model), PrimalEase}


def test_a_missing_array_is_noticed(sample_ratings: Ratings) -> None:
    with pytest.raises(KeyError):
        read_item_model({"item_positions": np.arange(3)}, sample_ratings, OPTIONS)
    assert histories_of(sample_ratings).n_users
