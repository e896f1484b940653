from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.data.histories import histories_of
from lacunar.taste.evaluate.metrics import genre_diversity, miscalibration
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.ranking import best_films
from lacunar.taste.recommend.rerank import Controls


def lists(model: TasteModel, **controls: float) -> np.ndarray:
    histories = histories_of(model.ratings)
    recommender = model.recommender("personal")
    request = ListRequest(k=10, controls=Controls(**controls))
    return best_films(recommender, model.ratings, histories, request)[0]


def test_favourites_bring_lists_closer_to_the_genres_of_histories(sample_model: TasteModel) -> None:
    genres = sample_model.ratings.genre_matrix.toarray()
    histories = histories_of(sample_model.ratings)
    found = [
        np.nanmean(miscalibration(lists(sample_model, favourites=f), histories, genres))
        for f in (0.0, 0.3, 0.9)
    ]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.6 * found[0]


def test_diversity_brings_less_similar_films(sample_model: TasteModel) -> None:
    genres = sample_model.ratings.genre_matrix.toarray()
    found = [
        genre_diversity(lists(sample_model, diversity=d), genres).mean() for d in (0.0, 0.3, 0.9)
    ]
    assert found == sorted(found)


def test_the_shown_score_is_the_score_minus_the_penalty(sample_model: TasteModel) -> None:
    histories = histories_of(sample_model.ratings)
    recommender = sample_model.recommender("personal")
    request = ListRequest(k=5, controls=Controls(diversity=0.5))
    items, scores, costs = best_films(recommender, sample_model.ratings, histories, request)
    plain = recommender.score(histories)
    assert np.take_along_axis(plain, items, axis=1) == pytest.approx(scores)
    assert (costs[:, 0] == 0).all()
    assert (costs[:, 1:] >= 0).all()


@pytest.mark.parametrize("diversity", [0.0, 0.5])
def test_no_users_have_no_lists(sample_model: TasteModel, diversity: float) -> None:
    request = ListRequest(k=4, controls=Controls(diversity=diversity))
    nobody = histories_of(sample_model.ratings, [])
    arrays = best_films(sample_model.recommender(), sample_model.ratings, nobody, request)
    assert [array.shape for array in arrays] == [(0, 4)] * 3
    assert sample_model.recommend_lists(nobody, request) == []
