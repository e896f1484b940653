from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

from lacunar.report.taste.page import taste_report
from lacunar.report.taste.recommendations import RULES
from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.data.histories import histories_at
from lacunar.taste.evaluate.to_json import Evaluation
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest

FIGURE = {"mean": 0.3251, "low": 0.3, "high": 0.35}
METRICS = (
    "ndcg@10", "recall@20", "mrr@10", "hit_rate@10",
    "coverage", "novelty@10", "diversity@10", "miscalibration@10",
)  # fmt: skip


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    of_method = dict.fromkeys(METRICS, FIGURE)
    return Evaluation.model_validate(
        {
            "protocol": "random-20",
            "seeds": [0, 1, 2],
            "users": 608,
            "methods": {"segment-source": of_method, "personal": of_method},
            "cold_start": {"0": {"personal": of_method}, "3": {"personal": of_method}},
            "controls": {"adventure 0.5": of_method | {"ndcg@10": {"mean": None}}},
        }
    )


def cells(page: str, caption: str) -> list[list[str]]:
    body = (
        page.partition(f"<caption><span>{caption}")[2]
        .partition("</table>")[0]
        .partition("<tbody>")[2]
    )
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    strip = re.compile(r"<[^>]+>")
    return [
        [unescape(strip.sub("", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


def test_recommenders_stand_side_by_side(sample_model: TasteModel) -> None:
    page = taste_report(sample_model, users=[4], sample_users=0, top=3)
    user = sample_model.ratings.users[4]
    rows = cells(page, f"What each recommender shows user {user}")
    history = histories_at(sample_model.ratings, np.array([4]))
    titles = sample_model.ratings.items["title"]
    for column, by in enumerate(RECOMMENDERS, start=1):
        [films] = sample_model.recommend_lists(history, ListRequest(k=3, by=by))
        assert [row[column] for row in rows] == [titles[film.item].as_py() for film in films]
    assert set(RULES) == set(RECOMMENDERS)


def test_an_evaluation_is_shown_where_there_is_one(
    sample_model: TasteModel, evaluation: Evaluation
) -> None:
    page = taste_report(sample_model, sample_users=0, evaluation=evaluation)
    found = cells(page, "What is found")
    assert [row[0] for row in found] == ["segment-source", "personal"]
    assert found[0][1] == "0.325 (0.300 to 0.350)"
    assert "a random fifth of each user&#39;s ratings held out, 3 times" in page
    assert cells(page, "nDCG@10 for new users")[0][0] == "personal"
    assert cells(page, "What the personal recommender finds under a control")[0][1] == "-"
    assert 'href="#quality"' in page


def test_without_an_evaluation_nothing_is_said_of_one(sample_model: TasteModel) -> None:
    page = taste_report(sample_model, sample_users=0)
    assert "How good the recommendations are" not in page
    assert 'href="#quality"' not in page
