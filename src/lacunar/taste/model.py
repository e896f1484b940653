"""The fitted taste model: segments, recommenders and the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Unpack

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
from lacunar.taste.config import RecommenderName, TasteConfig
from lacunar.taste.data.histories import (
    Histories,
    Stars,
    histories_at,
    new_history,
    with_ratings,
)
from lacunar.taste.data.ratings import Id, Ratings
from lacunar.taste.data.title_index import TitleIndex
from lacunar.taste.evaluate.tuning import Tuning
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.features.views import effective_view
from lacunar.taste.fit_notes import FullFit, fit_notes
from lacunar.taste.model_frames import (
    criteria_frame,
    memberships_frame,
    recommendations_frame,
    segment_profiles_frame,
    user_profiles_frame,
)
from lacunar.taste.plots import TastePlots
from lacunar.taste.recommend.base import Recommendation, Recommender
from lacunar.taste.recommend.ease import EaseModel
from lacunar.taste.recommend.fitted import FittedRecommenders
from lacunar.taste.recommend.list_request import ListOptions, ListRequest
from lacunar.taste.recommend.ranking import recommend
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
        """Stars above which a rating counts as a like."""
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

    def recommend(
        self,
        users: Id | Iterable[Id],
        k: int = 10,
        *,
        also: Stars | None = None,
        reasons: bool = False,
        **options: Unpack[ListOptions],
    ) -> Any:
        """Recommend films to one or more users of the log.

        Parameters
        ----------
        users : id or iterable of ids
            As in the data, or as text.
        k : int
            Maximum number of films for each user.
        also : mapping of id to float, optional
            More ratings of each of these users, by the id of the film. They count with the users'
            own and replace earlier ones of the same films. The model does not change.
        reasons : bool
            Whether to add the reasons; this takes longer.
        **options
            ``by``, ``genres``, ``first_year``, ``last_year``, ``include_seen`` and ``controls``;
            see :class:`~lacunar.taste.recommend.list_request.ListOptions`.

        Returns
        -------
        frame
            ``user``, ``item``, ``title``, ``rank`` from 1, ``score`` and ``reasons`` (list of
            text), in order of ``users`` and rank; in the library of the ratings that were read, or
            PyArrow for ratings from files and saved models.

        Raises
        ------
        InputError
            If an id, a genre or another value is unknown or invalid.
        """
        positions = self.ratings.user_positions(users)
        histories = with_ratings(histories_at(self.ratings, positions), self.ratings, also or {})
        return self._recommended(
            histories, ListRequest.of(k, **options), users=positions, reasons=reasons
        )

    def recommend_new(
        self,
        ratings: Stars,
        k: int = 10,
        *,
        reasons: bool = False,
        **options: Unpack[ListOptions],
    ) -> Any:
        """Recommend films to a new user, from this user's ratings.

        Parameters
        ----------
        ratings : mapping of id to float
            Rating of each film, by its id; may be empty.
        k, reasons, **options
            As in :meth:`recommend`.

        Returns
        -------
        frame
            As of :meth:`recommend`, without ``user``.

        Raises
        ------
        InputError
            If an id, a rating or another value is unknown or invalid.
        """
        history = new_history(self.ratings, ratings)
        return self._recommended(history, ListRequest.of(k, **options), reasons=reasons)

    def _recommended(
        self,
        histories: Histories,
        request: ListRequest,
        *,
        users: NDArray[np.intp] | None = None,
        reasons: bool,
    ) -> Any:
        return recommendations_frame(
            self.recommender_for(request),
            self.ratings,
            histories,
            request,
            users=users,
            reasons=reasons,
        )

    def memberships(self) -> Any:
        """Probability of each segment for each user.

        Returns
        -------
        frame
            ``user``, ``segment``, ``name``, ``probability``; one row per user and segment.
        """
        return memberships_frame(self.ratings, self.segments)

    def user_profiles(self) -> Any:
        """Mean rating of each user in each genre.

        Returns
        -------
        frame
            ``user``, and one column per genre; null where the user rated no film of the genre.
        """
        return user_profiles_frame(self.ratings, self.profiles)

    def segment_profiles(self) -> Any:
        """Mean of the members' profiles in each segment and genre.

        Returns
        -------
        frame
            ``segment``, ``name``, ``users`` (number of members), and one column per genre. Unknown
            cells of members are left out, also if the fit filled them; null if all are unknown.
        """
        return segment_profiles_frame(self.ratings, self.segments)

    def criteria(self) -> Any:
        """Criteria of all fits among which K was chosen.

        Returns
        -------
        frame
            ``n_components``, ``seed``, and each criterion of :class:`FitGrid`; null if not
            computed.
        """
        return criteria_frame(self.fit_grid, self.ratings.frame_kind)

    def recommend_lists(
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

    def recommender(self, by: RecommenderName | None = None) -> Recommender:
        """Return a recommender fitted to the log; the default is the one in the config."""
        return self._recommenders.named(by)

    def recommender_for(self, request: ListRequest) -> Recommender:
        """Return the recommender of a request, with its adventure applied.

        Raises
        ------
        InputError
            If the request asks another recommender than ``personal`` for adventure.
        """
        return self._recommenders.for_request(request)

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
        """Ratings and likes of each film by segment."""
        belongs = one_hot(self.segments.labels, self.segments.n_segments).T
        return count_films(self.ratings, belongs, self.liked_above)

    @cached_property
    def titles(self) -> TitleIndex:
        """Search index of the titles."""
        titles = self.ratings.items["title"].to_pylist()
        return TitleIndex(titles, self.ratings.ratings_per_item)
