"""Step 5, compare: held-out ratings, metrics, intervals, methods side by side.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.taste.evaluate.cold_start import cold_start
    from lacunar.taste.evaluate.comparison import Comparison
    from lacunar.taste.evaluate.methods import methods_named
    from lacunar.taste.evaluate.metrics import ndcg_at, recall_at
    from lacunar.taste.evaluate.protocols import (
        PROTOCOLS,
        global_time,
        leave_last_out,
        random_split,
        splits_of,
    )
    from lacunar.taste.evaluate.ranked_lists import measure, rank_split
    from lacunar.taste.evaluate.runner import compare
    from lacunar.taste.evaluate.segment_quality import (
        ranking_quality,
        score_by_segment,
        segment_popularity_ndcg,
    )
    from lacunar.taste.evaluate.split import RELEVANT_FROM, Split

__all__ = [
    "PROTOCOLS",
    "RELEVANT_FROM",
    "Comparison",
    "Split",
    "cold_start",
    "compare",
    "global_time",
    "leave_last_out",
    "measure",
    "methods_named",
    "ndcg_at",
    "random_split",
    "rank_split",
    "ranking_quality",
    "recall_at",
    "score_by_segment",
    "segment_popularity_ndcg",
    "splits_of",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Comparison": "lacunar.taste.evaluate.comparison",
        "PROTOCOLS": "lacunar.taste.evaluate.protocols",
        "RELEVANT_FROM": "lacunar.taste.evaluate.split",
        "Split": "lacunar.taste.evaluate.split",
        "cold_start": "lacunar.taste.evaluate.cold_start",
        "compare": "lacunar.taste.evaluate.runner",
        "global_time": "lacunar.taste.evaluate.protocols",
        "leave_last_out": "lacunar.taste.evaluate.protocols",
        "measure": "lacunar.taste.evaluate.ranked_lists",
        "methods_named": "lacunar.taste.evaluate.methods",
        "ndcg_at": "lacunar.taste.evaluate.metrics",
        "random_split": "lacunar.taste.evaluate.protocols",
        "rank_split": "lacunar.taste.evaluate.ranked_lists",
        "ranking_quality": "lacunar.taste.evaluate.segment_quality",
        "recall_at": "lacunar.taste.evaluate.metrics",
        "score_by_segment": "lacunar.taste.evaluate.segment_quality",
        "segment_popularity_ndcg": "lacunar.taste.evaluate.segment_quality",
        "splits_of": "lacunar.taste.evaluate.protocols",
    },
)
