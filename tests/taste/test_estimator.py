from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold

from lacunar import TasteConfig, TasteRecommender, fit_taste, read_ratings
from lacunar.datasets import sample_tastes
from lacunar.errors import InputError
from lacunar.taste.evaluate.metrics import ndcg_at

QUICK = TasteConfig(max_components=2, n_seeds=2, refits=0)


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    frame = sample_tastes(n_users=60, n_movies=150).ratings.to_pandas()
    return frame.rename(columns={"userId": "customer", "movieId": "sku"})


def recommender(by: str = "popularity") -> TasteRecommender:
    return TasteRecommender(by, config=QUICK, user="customer", item="sku")


def test_a_fit_is_that_of_the_function(log: pd.DataFrame) -> None:
    model = fit_taste(read_ratings(log, user="customer", item="sku"), QUICK)
    fitted = recommender("personal").fit(log)
    pd.testing.assert_frame_equal(fitted.recommend([4, 7], k=5), model.recommend([4, 7], k=5))


def test_the_recommender_wins_over_that_of_the_config(log: pd.DataFrame) -> None:
    assert recommender("segment").fit(log).model_.config.recommender == "segment"
    with pytest.raises(InputError, match="recommender: expected"):
        recommender("magic").fit(log)


def test_the_score_is_the_mean_of_a_plain_loop(log: pd.DataFrame) -> None:
    test = log.sample(frac=0.3, random_state=0)
    train = log.drop(test.index)
    # A user and an item that the fit does not know, and a user without likes.
    odd = pd.DataFrame({"customer": [999, 4], "sku": [126, 9999], "rating": 5.0, "timestamp": 1})
    fitted = recommender().fit(train)
    known, values = set(train["sku"]), []
    likes = test[(test["rating"] > 3.5) & test["sku"].isin(known)]
    for user, rows in likes.groupby("customer"):
        if user in set(train["customer"]):
            listed = fitted.recommend([user])["item"].isin(rows["sku"]).to_numpy()
            values.append(ndcg_at(listed[np.newaxis], np.array([len(rows)]))[0])
    assert len(values) > 20
    assert fitted.score(pd.concat([test, odd])) == pytest.approx(np.mean(values))


def test_ratings_without_a_like_have_no_score(log: pd.DataFrame) -> None:
    fitted = recommender().fit(log)
    with pytest.raises(InputError, match="X: expected likes of users and items of the fit"):
        fitted.score(log.assign(rating=1.0))


def test_settings_are_searched_by_scikit_learn(log: pd.DataFrame) -> None:
    rows = KFold(2, shuffle=True, random_state=0)
    search = GridSearchCV(recommender(), {"recommender": ["popularity", "personal"]}, cv=rows)
    search.fit(log)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.recommend([4], k=3)["user"].tolist() == [4, 4, 4]


def test_clones_have_the_settings_and_no_fit(log: pd.DataFrame) -> None:
    copy = clone(recommender("segment").fit(log))
    assert copy.get_params()["recommender"] == "segment"
    assert copy.get_params()["config"] == QUICK
    with pytest.raises(NotFittedError):
        copy.recommend([4])
