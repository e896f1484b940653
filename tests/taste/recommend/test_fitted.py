from __future__ import annotations

import pytest

from lacunar.errors import InputError
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls


def test_a_recommender_is_fitted_once(sample_model: TasteModel) -> None:
    assert sample_model.recommender() is sample_model.recommender("personal")


def test_only_the_personal_recommender_is_adventurous(sample_model: TasteModel) -> None:
    request = ListRequest(by="posterior", controls=Controls(adventure=0.5))
    with pytest.raises(InputError, match=r"adventure: expected the recommender personal, got po"):
        sample_model.recommender_for(request)
