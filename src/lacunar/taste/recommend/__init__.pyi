from lacunar.taste.data.histories import (
    Histories as Histories,
)
from lacunar.taste.data.histories import (
    histories_of as histories_of,
)
from lacunar.taste.data.histories import (
    new_history as new_history,
)
from lacunar.taste.recommend.base import (
    Reason as Reason,
)
from lacunar.taste.recommend.base import (
    Recommendation as Recommendation,
)
from lacunar.taste.recommend.base import (
    Recommender as Recommender,
)
from lacunar.taste.recommend.base import (
    ScoreParts as ScoreParts,
)
from lacunar.taste.recommend.list_request import ListRequest as ListRequest
from lacunar.taste.recommend.ranking import recommend as recommend
from lacunar.taste.recommend.rerank import Controls as Controls
