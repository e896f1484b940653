"""The recommenders of a fitted model, each fitted to the log on first use."""

from __future__ import annotations

from dataclasses import dataclass, field

from lacunar.errors import InputError
from lacunar.taste.config import RecommenderName, check_recommender
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.ease import EaseModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalOptions, PersonalRecommender
from lacunar.taste.recommend.popularity import PopularityRecommender
from lacunar.taste.recommend.segment_popularity import SegmentRecommender
from lacunar.taste.segments.placement import Placer


@dataclass(frozen=True, slots=True, eq=False)
class FittedRecommenders:
    """Recommenders by name.

    Parameters
    ----------
    ratings : Ratings
        The log that they learn from.
    placer : Placer
    liked_above : float
        Stars above which a rating counts as a like.
    options : PersonalOptions
    ease_model : EaseModel
        The item model of the personal recommender.
    default : str
        Name of the recommender that is used unless another one is named.
    """

    ratings: Ratings
    placer: Placer
    liked_above: float
    options: PersonalOptions
    ease_model: EaseModel
    default: RecommenderName
    _fitted: dict[RecommenderName, Recommender] = field(default_factory=dict, init=False)

    def named(self, by: RecommenderName | None = None) -> Recommender:
        """Return a recommender by its name; without a name, the default one.

        Raises
        ------
        InputError
            If no recommender has this name.
        """
        by = self.default if by is None else by
        check_recommender(by)
        if by not in self._fitted:
            self._fitted[by] = self._build(by).fit(self.ratings)
        return self._fitted[by]

    def for_request(self, request: ListRequest) -> Recommender:
        """Return the recommender of a request, with its adventure applied.

        Raises
        ------
        InputError
            If the request asks another recommender than ``personal`` for adventure.
        """
        recommender, adventure = self.named(request.by), request.controls.adventure
        if not adventure:
            return recommender
        if not isinstance(recommender, PersonalRecommender):
            raise InputError(
                f"expected the recommender personal, got {request.by or self.default}",
                field="adventure",
            )
        return recommender.adventurous(adventure)

    def _build(self, by: RecommenderName) -> Recommender:
        match by:
            case "popularity":
                return PopularityRecommender()
            case "segment":
                return SegmentRecommender(self.placer, self.liked_above)
            case "posterior":
                return SegmentRecommender(self.placer, self.liked_above, "posterior")
            case "personal":
                return PersonalRecommender(self.placer, self.options, ease_model=self.ease_model)
