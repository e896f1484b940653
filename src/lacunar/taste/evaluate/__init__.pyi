from lacunar.taste.evaluate.comparison import Comparison as Comparison
from lacunar.taste.evaluate.methods import METHODS as METHODS
from lacunar.taste.evaluate.methods import evaluate_recommenders as evaluate_recommenders
from lacunar.taste.evaluate.methods import methods_named as methods_named
from lacunar.taste.evaluate.metrics import ndcg_at as ndcg_at
from lacunar.taste.evaluate.metrics import recall_at as recall_at
from lacunar.taste.evaluate.new_users import cold_start as cold_start
from lacunar.taste.evaluate.protocols import PROTOCOLS as PROTOCOLS
from lacunar.taste.evaluate.protocols import global_time as global_time
from lacunar.taste.evaluate.protocols import leave_last_out as leave_last_out
from lacunar.taste.evaluate.protocols import random_split as random_split
from lacunar.taste.evaluate.protocols import splits_of as splits_of
from lacunar.taste.evaluate.ranked_lists import measure as measure
from lacunar.taste.evaluate.ranked_lists import rank_split as rank_split
from lacunar.taste.evaluate.runner import compare as compare
from lacunar.taste.evaluate.segment_quality import ranking_quality as ranking_quality
from lacunar.taste.evaluate.segment_quality import score_by_segment as score_by_segment
from lacunar.taste.evaluate.segment_quality import (
    segment_popularity_ndcg as segment_popularity_ndcg,
)
from lacunar.taste.evaluate.split import RELEVANT_FROM as RELEVANT_FROM
from lacunar.taste.evaluate.split import Split as Split
