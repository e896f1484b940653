"""The fitted taste model: segments, recommenders and the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
from lacunar.taste.config import RecommenderName, TasteConfig, check_recommender
from lacunar.taste.data.histories import Histories, Stars, histories_at, new_history
from lacunar.taste.data.ratings import NO_GENRES, Id, Ratings
from lacunar.taste.data.title_index import TitleIndex
from lacunar.taste.evaluate.tuning import Tuning
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.features.views import effective_view
from lacunar.taste.model_frames import (
    criteria_frame,
    memberships_frame,
    recommendations_frame,
    segment_profiles_frame,
    user_profiles_frame,
)
from lacunar.taste.recommend.base import Recommendation, Recommender
from lacunar.taste.recommend.ease import EaseModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.popularity import PopularityRecommender
from lacunar.taste.recommend.ranking import recommend
from lacunar.taste.recommend.rerank import Controls
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

    def __repr__(self) -> str:
        n = self.segments.n_segments
        return f"<TasteModel: {n} segment{'s' * (n > 1)} from {self.ratings!r}>"

    @property
    def liked_above(self) -> float:
        """Rating above which a rating counts as a like."""
        return self.config.liked_above_on(self.ratings.scale)

    @property
    def criterion(self) -> str:
        """How K was chosen and how stable the segments are, in a sentence."""
        if self._users_are_equal:
            return f"K = 1, since all users have the same values in the view {self.view}"
        return explain_choice(
            self.fit_grid,
            self.config.criterion,
            self.agreeing_seeds,
            self.refit_agreement,
            sample=self.sample_size,
        )

    @property
    def view(self) -> str:
        """The view that the segments were fitted to: the config's, or the part that is known."""
        return effective_view(self.config.view, self.periods.periods)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the fit had to do without, in sentences."""
        notes = []
        if self.ratings.implicit:
            notes.append("The data has no ratings: every row counts as a like.")
        if self.ratings.count is not None:
            n = self.ratings.intake.repeated
            rows = "repeated row is" if n == 1 else "repeated rows are"
            notes.append(f"{n:,} {rows} counted in the shares of genres and periods.")
        if (note := note_without_likes(self.ratings, self.config)) is not None:
            notes.append(f"{note[0].upper()}{note[1:]}.")
        if self.view != self.config.view:
            share = self.ratings.dated_share
            notes.append(
                f"Years are known for {share:.0%} of the ratings: segments do not use them."
                if share
                else "No years are known: segments do not use them."
            )
        if not self.ratings.has_genres:
            noun = self.ratings.noun.singular
            notes.append(f"No genres are known: every {noun} has the genre {NO_GENRES}.")
        if self._users_are_equal:
            notes.append(
                f"All users have the same values in the view {self.view}: there is one segment."
            )
        elif self.user_map.is_one_point:
            notes.append(
                "The map shows all users at one point: there are too few users, or too few"
                " differences between them."
            )
        return tuple(notes)

    @property
    def _users_are_equal(self) -> bool:
        return self.fit_grid.n_components == (1,) and self.config.max_components > 1

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

    def recommend(
        self,
        users: Id | Iterable[Id],
        k: int = 10,
        *,
        by: RecommenderName | None = None,
        genres: str | Iterable[str] = (),
        first_year: int | None = None,
        last_year: int | None = None,
        include_seen: bool = False,
        controls: Controls | None = None,
        reasons: bool = False,
    ) -> Any:
        """Recommend items to one or more users of the log.

        Parameters
        ----------
        users : id or iterable of ids
            As in the data, or as text.
        k : int
            Maximum number of items for each user.
        by : {"popularity", "segment", "posterior", "personal"}, optional
            The recommender; by default the one in the config.
        genres : str or iterable of str
            An item needs at least one of them; by default all genres are allowed.
        first_year, last_year : int, optional
            Years of the items. With either of them, items without a year are left out.
        include_seen : bool
            Whether to include items that the user has rated.
        controls : Controls, optional
            Adventure, favourites and diversity; by default off.
        reasons : bool
            Whether to add the reasons; this takes longer.

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
        request = ListRequest(
            k=k,
            by=by,
            controls=controls or Controls(),
            genres=_names(genres),
            first_year=first_year,
            last_year=last_year,
            include_seen=include_seen,
        )
        positions = self.ratings.user_positions(users)
        histories = histories_at(self.ratings, positions)
        return self._recommended(histories, request, positions, reasons=reasons)

    def recommend_new(
        self,
        ratings: Stars,
        k: int = 10,
        *,
        by: RecommenderName | None = None,
        genres: str | Iterable[str] = (),
        first_year: int | None = None,
        last_year: int | None = None,
        include_seen: bool = False,
        controls: Controls | None = None,
        reasons: bool = False,
    ) -> Any:
        """Recommend items to a new user, from this user's ratings.

        Parameters
        ----------
        ratings : mapping of id to float
            Rating of each item, by its id; may be empty.
        k, by, genres, first_year, last_year, include_seen, controls, reasons
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
        request = ListRequest(
            k=k,
            by=by,
            controls=controls or Controls(),
            genres=_names(genres),
            first_year=first_year,
            last_year=last_year,
            include_seen=include_seen,
        )
        return self._recommended(new_history(self.ratings, ratings), request, None, reasons=reasons)

    def _recommended(
        self,
        histories: Histories,
        request: ListRequest,
        users: NDArray[np.intp] | None,
        *,
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
            ``user``, and one column per genre; null where the user rated no item of the genre.
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
        """Recommend items to each user; see :func:`lacunar.taste.recommend.ranking.recommend`.

        Parameters
        ----------
        histories : Histories
            Ratings of B users, known or new.
        request : ListRequest, optional
            The default asks the model's own recommender for ten items.

        Raises
        ------
        InputError
            If the request is invalid, or it asks another recommender than ``personal`` for
            adventure.
        """
        request = request or ListRequest()
        return recommend(self.recommender_for(request), self.ratings, histories, request)

    def recommender(self, by: RecommenderName | None = None) -> Recommender:
        """Return a recommender fitted to the log; the default is the one in the config.

        Raises
        ------
        InputError
            If no recommender has this name.
        """
        by = self.config.recommender if by is None else by
        check_recommender(by)
        if by not in self._recommenders:
            self._recommenders[by] = self._build_recommender(by).fit(self.ratings)
        return self._recommenders[by]

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
        """Genre names of each item, in alphabetical order."""
        names: list[list[str]] = [[] for _ in range(self.ratings.n_items)]
        pairs = self.ratings.item_genres
        for item, genre in zip(pairs["item"].to_pylist(), pairs["genre"].to_pylist(), strict=True):
            names[item].append(self.ratings.genres[genre])
        return names

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

    @cached_property
    def films_per_genre(self) -> dict[str, int]:
        """Number of items in each genre."""
        counts = np.bincount(
            np.asarray(self.ratings.item_genres["genre"]), minlength=len(self.ratings.genres)
        )
        return dict(zip(self.ratings.genres, counts.tolist(), strict=True))


def _names(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def note_without_likes(ratings: Ratings, config: TasteConfig) -> str | None:
    """Say that no rating is a like, such as on a wrong scale; None if one is."""
    liked_above, highest = config.liked_above_on(ratings.scale), ratings.rating.max(initial=-np.inf)
    if highest > liked_above:
        return None
    return (
        f"no rating is a like: the highest is {highest:g}, and `liked_above` is"
        f" {liked_above:g} on the scale {ratings.scale}; pass the `scale` of the data when"
        " reading, or a lower `liked_above`"
    )


def fingerprint(ratings: Ratings) -> str:
    """Return the SHA-256 of all that a fit uses of a log: ids, items, genres and ratings."""
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
