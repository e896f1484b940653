"""The fitted taste model: segments, recommenders and the log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.mixture.fit_grid import FitGrid, explain_choice
from lacunar.mixture.stability import (
    MAX_CO_ASSOCIATION,
    consensus,
    membership_stability,
    pairwise_ari,
)
from lacunar.mixture.statistics import one_hot
from lacunar.taste.config import RecommenderName, TasteConfig
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.title_index import TitleIndex
from lacunar.taste.evaluate.tuning import Tuning
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.recommend.base import Recommendation, Recommender
from lacunar.taste.recommend.ease import EaseModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.popularity import PopularityRecommender
from lacunar.taste.recommend.ranking import recommend
from lacunar.taste.recommend.segment_popularity import SegmentRecommender
from lacunar.taste.segments.assignment import Segments
from lacunar.taste.segments.film_counts import FilmCounts, count_films
from lacunar.taste.segments.placement import Placer, make_placer
from lacunar.taste.segments.user_map import UserMap


@dataclass(frozen=True)
class TasteModel:
    """A fitted taste model: segments, recommenders, and the log it was fitted to.

    :func:`lacunar.fit_taste` makes one; :func:`lacunar.save_taste` and :func:`lacunar.load_taste`
    keep it on disk.

    Parameters
    ----------
    config : TasteConfig
    ratings : Ratings
    profiles : GenreProfiles
    periods : PeriodCounts
    fit_grid : FitGrid
        Criteria of all fits, by number of components and seed.
    agreeing_seeds : tuple of int
        Seeds that found the chosen partition.
    near_best_labels : ndarray of shape (n, U)
        Partitions of the best restarts at the chosen K.
    refit_agreement : ndarray of shape (config.refits,)
        Adjusted Rand index between the segments and those of a refit without a tenth of the
        users.
    segments : Segments
    user_map : UserMap
    tuning : Tuning
        Settings of the personal recommender, and the trials behind them.
    ease_model : EaseModel
        Its item model.

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.fit import fit_taste
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> model.segments.n_segments, model.segments.populations.sum().item()
    (1, 50)
    >>> new_user = new_history(model.ratings, {"2": 5.0, "5": 1.0})
    >>> [films] = model.recommend(new_user, ListRequest(k=3))
    >>> len(films)
    3
    """

    config: TasteConfig
    ratings: Ratings
    profiles: GenreProfiles
    periods: PeriodCounts
    fit_grid: FitGrid
    agreeing_seeds: tuple[int, ...]
    near_best_labels: NDArray[np.intp]
    refit_agreement: NDArray[np.float64]
    segments: Segments
    user_map: UserMap
    tuning: Tuning
    ease_model: EaseModel

    @property
    def liked_above(self) -> float:
        """Stars above which a rating counts as a like."""
        return self.config.liked_above_on(self.ratings.scale)

    @property
    def criterion(self) -> str:
        """How K was chosen and how stable the segments are, in a sentence."""
        return explain_choice(
            self.fit_grid,
            self.config.criterion,
            self.agreeing_seeds,
            self.refit_agreement,
            sample=self.sample_size,
        )

    @property
    def sample_size(self) -> int | None:
        """Number of users in the sample that K was chosen on; None if all users were used."""
        sampled = self.ratings.n_users > self.config.search_users
        return self.config.sample_users if sampled else None

    @property
    def tuning_size(self) -> int:
        """Number of users that the personal recommender was tuned on."""
        return min(self.ratings.n_users, self.config.sample_users)

    @cached_property
    def membership_stability(self) -> NDArray[np.float64]:
        """Agreement of the best restarts on each user's fellow members, shape (U,)."""
        return membership_stability(self.near_best_labels, self.segments.labels)

    @cached_property
    def consensus_agreement(self) -> float | None:
        """Adjusted Rand index between the segments and the consensus of the best restarts.

        None if there are too many users for a users x users matrix.
        """
        if self.ratings.n_users > MAX_CO_ASSOCIATION:
            return None
        labels = consensus(self.near_best_labels, self.segments.n_segments)
        return float(pairwise_ari(np.stack([labels, self.segments.labels]))[0, 1])

    @cached_property
    def placer(self) -> Placer:
        """Places histories in the segments."""
        return make_placer(
            self.ratings,
            self.config,
            self.segments.mixture,
            periods=self.periods.periods,
            rating_variance=self.profiles.rating_variance,
        )

    def recommender(self, by: RecommenderName | None = None) -> Recommender:
        """Return a recommender fitted to the log; the default is the one in the config."""
        by = by or self.config.recommender
        if by not in self._recommenders:
            self._recommenders[by] = self._build_recommender(by).fit(self.ratings)
        return self._recommenders[by]

    def recommend(
        self,
        histories: Histories,
        request: ListRequest | None = None,
    ) -> list[list[Recommendation]]:
        """Recommend films to each user; see :func:`lacunar.taste.recommend.ranking.recommend`.

        Parameters
        ----------
        histories : Histories
            Ratings of B users, known or new.
        request : ListRequest, optional
            The default asks the model's own recommender for ten films.

        Raises
        ------
        InputError
            If the request is invalid, or it asks another recommender than ``personal`` for
            adventure.
        """
        request = request or ListRequest()
        return recommend(self.recommender_for(request), self.ratings, histories, request)

    def recommender_for(self, request: ListRequest) -> Recommender:
        """Return the recommender of a request, with its adventure applied.

        Raises
        ------
        InputError
            If the request asks another recommender than ``personal`` for adventure.
        """
        recommender, adventure = self.recommender(request.by), request.controls.adventure
        if not adventure:
            return recommender
        if not isinstance(recommender, PersonalRecommender):
            raise InputError(
                f"expected the recommender personal, got {request.by or self.config.recommender}",
                field="adventure",
            )
        return recommender.adventurous(adventure)

    def _build_recommender(self, by: RecommenderName) -> Recommender:
        match by:
            case "popularity":
                return PopularityRecommender()
            case "segment":
                return SegmentRecommender(self.placer, self.liked_above)
            case "posterior":
                return SegmentRecommender(self.placer, self.liked_above, "posterior")
            case "personal":
                return PersonalRecommender(
                    self.placer, self.tuning.options, ease_model=self.ease_model
                )

    @cached_property
    def _recommenders(self) -> dict[RecommenderName, Recommender]:
        return {}

    @cached_property
    def genres_of_items(self) -> list[list[str]]:
        """Genre names of each film, in alphabetical order."""
        names: list[list[str]] = [[] for _ in range(self.ratings.n_items)]
        pairs = self.ratings.item_genres
        for item, genre in zip(pairs["item"].to_pylist(), pairs["genre"].to_pylist(), strict=True):
            names[item].append(self.ratings.genres[genre])
        return names

    @cached_property
    def film_counts(self) -> FilmCounts:
        """Ratings and likes of each film by segment."""
        belongs = one_hot(self.segments.labels, self.segments.n_segments).T
        return count_films(self.ratings, belongs, self.liked_above)

    @cached_property
    def titles(self) -> TitleIndex:
        """Search index of the titles."""
        titles = self.ratings.items["title"].to_pylist()
        return TitleIndex(titles, self.ratings.ratings_per_item)

    @cached_property
    def films_per_genre(self) -> dict[str, int]:
        """Number of films in each genre."""
        counts = np.bincount(
            np.asarray(self.ratings.item_genres["genre"]), minlength=len(self.ratings.genres)
        )
        return dict(zip(self.ratings.genres, counts.tolist(), strict=True))


def fingerprint(ratings: Ratings) -> str:
    """Return the SHA-256 of all that a fit uses of a log: ids, films, genres and ratings."""
    digest = hashlib.sha256()
    ids = pa.table([ratings.users], names=["user_id"])
    for table in (ids, ratings.items, ratings.item_genres, ratings.log):
        for name in table.column_names:
            column = table[name]
            digest.update(f"{name}:{column.type}:{len(column)};".encode())
            if pa.types.is_string(column.type) or column.null_count:
                digest.update("\0".join(map(str, column.to_pylist())).encode())
            else:
                for chunk in column.chunks:
                    # No copy of a large log.
                    digest.update(np.ascontiguousarray(chunk.to_numpy()).data)
    digest.update("\0".join(ratings.genres).encode())
    return digest.hexdigest()
