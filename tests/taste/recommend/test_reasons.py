from __future__ import annotations

import pyarrow as pa
import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import new_history
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest

_PAIRS = [(user, item) for user in range(12) for item in range(8) if (user + item) % 3]
_CONFIG = TasteConfig(max_components=1, n_seeds=1, refits=0, prior_users=3)


def _model(ratings: list[float] | None, scale: RatingScale | None = None) -> TasteModel:
    frame = pa.table({"userId": [u for u, _ in _PAIRS], "movieId": [i for _, i in _PAIRS]})
    if ratings is not None:
        frame = frame.append_column("rating", pa.array(ratings))
    return fit_taste(read_ratings(frame, scale=scale), _CONFIG)


@pytest.fixture(scope="module")
def likes() -> TasteModel:
    return _model(None)


@pytest.fixture(scope="module")
def percentages() -> TasteModel:
    ratings = [float(40 + 7 * (user + 2 * item) % 60) for user, item in _PAIRS]
    return _model(ratings, RatingScale(0, 100, 1))


def _reasons(model: TasteModel, by: str, rated: dict[int, float]) -> list[str]:
    request = ListRequest(k=1, by=by)  # type: ignore[arg-type]
    [[first]] = model.recommend_lists(new_history(model.ratings, rated), request)
    return [reason.text.split(" (")[0] for reason in first.reasons]


def test_data_without_ratings_has_choices_as_reasons(likes: TasteModel) -> None:
    assert "you chose 1" in _reasons(likes, "personal", {1: 1.0})
    assert _reasons(likes, "popularity", {}) == ["8 of 12 users chose it"]
    assert _reasons(likes, "segment", {}) == ["8 of the 12 users of the segment chose it"]
    assert _reasons(likes, "posterior", {}) == ["67% of your segment chose it, 67% of all users"]


def test_a_rating_is_told_on_its_scale(percentages: TasteModel) -> None:
    assert "you rated 1 87 of 100" in _reasons(percentages, "personal", {1: 87.0})
    likes, mean = _reasons(percentages, "segment", {})
    assert likes.endswith("of the 12 users of the segment rated it above 70")
    assert mean.startswith("the 8 of them who rated it gave it ")
