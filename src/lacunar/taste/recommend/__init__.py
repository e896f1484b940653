"""Step 4, rank: histories to scores, lists and reasons, behind one protocol.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.taste.data.histories import Histories, histories_of, new_history
    from lacunar.taste.recommend.base import Reason, Recommendation, Recommender, ScoreParts
    from lacunar.taste.recommend.list_request import ListRequest
    from lacunar.taste.recommend.ranking import recommend
    from lacunar.taste.recommend.rerank import Controls

__all__ = [
    "Controls",
    "Histories",
    "ListRequest",
    "Reason",
    "Recommendation",
    "Recommender",
    "ScoreParts",
    "histories_of",
    "new_history",
    "recommend",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Reason": "lacunar.taste.recommend.base",
        "Recommendation": "lacunar.taste.recommend.base",
        "Recommender": "lacunar.taste.recommend.base",
        "ScoreParts": "lacunar.taste.recommend.base",
        "ListRequest": "lacunar.taste.recommend.list_request",
        "Controls": "lacunar.taste.recommend.rerank",
        "recommend": "lacunar.taste.recommend.ranking",
        "Histories": "lacunar.taste.data.histories",
        "histories_of": "lacunar.taste.data.histories",
        "new_history": "lacunar.taste.data.histories",
    },
)
