"""Step 4, rank: histories to scores, lists and reasons, behind one protocol.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.taste.data.histories import Histories, histories_of, new_history
    from lacunar.taste.recommend.base import Reason, Recommendation, Recommender, ScoreParts
    from lacunar.taste.recommend.ranking import recommend

__all__ = [
    "Histories",
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
        "recommend": "lacunar.taste.recommend.ranking",
        "Histories": "lacunar.taste.data.histories",
        "histories_of": "lacunar.taste.data.histories",
        "new_history": "lacunar.taste.data.histories",
    },
)
