"""How well films are ranked that a fit has not seen: splits, metrics, comparisons.

:mod:`.compare` and :mod:`.methods` are not imported here: they need the recommenders, which are
tuned on splits themselves.
"""

from lacunar.taste.evaluate.cold_start import cold_start
from lacunar.taste.evaluate.metrics import ndcg_at, recall_at
from lacunar.taste.evaluate.protocols import (
    PROTOCOLS,
    global_time,
    leave_last_out,
    random_split,
    splits_of,
)
from lacunar.taste.evaluate.ranked_lists import measure, rank_split
from lacunar.taste.evaluate.segment_quality import (
    ranking_quality,
    score_by_segment,
    segment_popularity_ndcg,
)
from lacunar.taste.evaluate.split import RELEVANT_FROM, Split

__all__ = [
    "PROTOCOLS",
    "RELEVANT_FROM",
    "Split",
    "cold_start",
    "global_time",
    "leave_last_out",
    "measure",
    "ndcg_at",
    "random_split",
    "rank_split",
    "ranking_quality",
    "recall_at",
    "score_by_segment",
    "segment_popularity_ndcg",
    "splits_of",
]
