"""The fitted taste model: segments, recommenders and the log."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lacunar.mixture.fit_grid import FitGrid, explain_choice
from lacunar.mixture.stability import (
    MAX_CO_ASSOCIATION,
    consensus,
    membership_stability,
    pairwise_ari,
)
from lacunar.mixture.statistics import one_hot
from lacunar.reprs import html_table, short_repr
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.title_index import TitleIndex
from lacunar.taste.evaluate.tuning import Tuning
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.features.views import effective_view
from lacunar.taste.fit_notes import FullFit, fit_notes
from lacunar.taste.model_frames import ModelFrames
from lacunar.taste.model_lists import ModelLists
from lacunar.taste.plots import TastePlots
from lacunar.taste.recommend.ease import EaseModel
from lacunar.taste.recommend.fitted import FittedRecommenders
from lacunar.taste.segments.assignment import Segments
from lacunar.taste.segments.film_counts import FilmCounts, count_films
from lacunar.taste.segments.placement import Placer, make_placer
from lacunar.taste.segments.user_map import UserMap


@dataclass(frozen=True)
class TasteModel(ModelLists, ModelFrames):
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
    full_fit : FullFit, optional
        Size of the log at the last full fit, which chose K and the settings of the personal
        recommender; None if the model was not updated since.

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.fit import fit_taste
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> model.segments.n_segments, model.segments.populations.sum().item()
    (1, 50)
    >>> model.recommend([4, 42], k=1).select(["user", "item", "rank"]).to_pylist()
    [{'user': 4, 'item': 53, 'rank': 1}, {'user': 42, 'item': 380, 'rank': 1}]
    >>> model.recommend_new({2: 5.0, 5: 1.0}, k=3).column_names
    ['item', 'title', 'rank', 'score']
    >>> model.memberships().slice(0, 1).to_pylist()
    [{'user': 1, 'segment': 0, 'name': 'All-round taste', 'probability': 1.0}]
    >>> model.segment_profiles().select(["segment", "users", "Drama"]).to_pylist()
    [{'segment': 0, 'users': 50, 'Drama': 3.32...}]
    >>> model.user_profiles().num_rows, model.criteria().num_rows
    (50, 4)
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
    full_fit: FullFit | None = None

    def __repr__(self) -> str:
        return short_repr("TasteModel", self._facts)

    def _repr_html_(self) -> str:
        segments, n_users = self.segments, max(self.ratings.n_users, 1)
        rows = [
            (segment, name, f"{users:,}", f"{users / n_users:.0%}")
            for segment, (name, users) in enumerate(
                zip(segments.names, segments.populations.tolist(), strict=True)
            )
        ]
        caption = f"Taste model: {', '.join(self._facts)}"
        return html_table(caption, ["Segment", "Name", "Users", "Share"], rows)

    @property
    def _facts(self) -> list[str]:
        ratings = self.ratings
        return [
            f"{self.segments.n_segments} segment{'s' * (self.segments.n_segments != 1)}",
            f"{ratings.n_users:,} users",
            ratings.noun.counted(ratings.n_items),
            f"{ratings.log.num_rows:,} ratings",
            f"recommender {self.config.recommender}",
        ]

    @property
    def plot(self) -> TastePlots:
        """The plots of the model: ``model.plot.map()`` and others; see :class:`TastePlots`."""
        return TastePlots(
            self.ratings,
            self.profiles,
            self.segments,
            self.user_map,
            self.fit_grid,
            self.recommender,
        )

    @property
    def liked_above(self) -> float:
        """Rating above which a rating counts as a like."""
        return self.config.liked_above_on(self.ratings.scale)

    @property
    def criterion(self) -> str:
        """How K was chosen and how stable the segments are, in a sentence."""
        if self._one_segment_was_possible:
            reason = f"K = 1, since all users have the same values in the view {self.view}"
        else:
            reason = explain_choice(
                self.fit_grid,
                self.config.criterion,
                self.agreeing_seeds,
                self.refit_agreement,
                sample=self.sample_size,
            )
        return reason if self.full_fit is None else f"{reason}; all of this is from {self.full_fit}"

    @property
    def view(self) -> str:
        """The view that the segments were fitted to: the config's, or the part that is known."""
        return effective_view(self.config.view, self.periods.periods)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the fit had to do without, in sentences."""
        return fit_notes(
            self.ratings,
            asked_view=self.config.view,
            view=self.view,
            liked_above=self.liked_above,
            users_are_equal=self._one_segment_was_possible and self.full_fit is None,
            map_is_one_point=self.user_map.is_one_point,
        )

    @property
    def _one_segment_was_possible(self) -> bool:
        return self.fit_grid.n_components == (1,) and self.config.max_components > 1

    @property
    def sample_size(self) -> int | None:
        """Number of users in the sample that K was chosen on; None if all users were used."""
        sampled = self.fitted_users > self.config.search_users
        return self.config.sample_users if sampled else None

    @property
    def tuning_size(self) -> int:
        """Number of users that the personal recommender was tuned on."""
        return min(self.fitted_users, self.config.sample_users)

    @property
    def fitted_users(self) -> int:
        """Number of users at the last full fit."""
        return self.ratings.n_users if self.full_fit is None else self.full_fit.n_users

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

    @cached_property
    def _recommenders(self) -> FittedRecommenders:
        return FittedRecommenders(
            self.ratings,
            self.placer,
            self.liked_above,
            self.tuning.options,
            self.ease_model,
            self.config.recommender,
        )

    @cached_property
    def film_counts(self) -> FilmCounts:
        """Ratings and likes of each item by segment."""
        belongs = one_hot(self.segments.labels, self.segments.n_segments).T
        return count_films(self.ratings, belongs, self.liked_above)

    @cached_property
    def titles(self) -> TitleIndex:
        """Search index of the titles."""
        titles = self.ratings.items["title"].to_pylist()
        return TitleIndex(titles, self.ratings.ratings_per_item)
