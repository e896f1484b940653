"""Recommendation lists of a taste model: frames, and lists of films with their reasons."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, Unpack

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.frames import arrow_to_frame
from lacunar.taste.config import RecommenderName
from lacunar.taste.data.histories import (
    Histories,
    Stars,
    histories_at,
    new_history,
    with_ratings,
)
from lacunar.taste.data.ratings import Id, Ratings
from lacunar.taste.recommend.base import Recommendation, Recommender
from lacunar.taste.recommend.fitted import FittedRecommenders
from lacunar.taste.recommend.list_request import ListOptions, ListRequest
from lacunar.taste.recommend.ranking import best_films, recommend


class ModelLists:
    """The part of a taste model that recommends.

    Parameters
    ----------
    ratings : Ratings
        The log of the model.
    """

    ratings: Ratings

    @property
    def _recommenders(self) -> FittedRecommenders:
        raise NotImplementedError

    def recommend(
        self,
        users: Id | Iterable[Id],
        k: int = 10,
        *,
        also: Stars | None = None,
        reasons: bool = False,
        **options: Unpack[ListOptions],
    ) -> Any:
        """Recommend items to one or more users of the log.

        Parameters
        ----------
        users : id or iterable of ids
            As in the data, or as text.
        k : int
            Maximum number of items for each user.
        also : mapping of id to float, optional
            More ratings of each of these users, by the id of the item. They count with the users'
            own and replace earlier ones of the same items. The model does not change.
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
        """Recommend items to a new user, from this user's ratings.

        Parameters
        ----------
        ratings : mapping of id to float
            Rating of each item, by its id; may be empty.
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


def recommendations_frame(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    request: ListRequest,
    *,
    users: NDArray[np.intp] | None,
    reasons: bool = False,
) -> Any:
    """Return the lists of B users as a frame, in order of user and rank.

    Parameters
    ----------
    recommender, ratings, histories, request
        As in :func:`lacunar.taste.recommend.ranking.recommend`.
    users : ndarray of shape (B,), optional
        Positions of the users; None for new users, whose frame has no column ``user``.
    reasons : bool
        Whether to add the column ``reasons``.

    Returns
    -------
    frame
        ``user``, ``item``, ``title``, ``rank`` from 1, ``score`` and ``reasons`` (list of text).

    Examples
    --------
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> popular = PopularityRecommender().fit(ratings)
    >>> history, request = new_history(ratings, {}), ListRequest(k=2)
    >>> films = recommendations_frame(popular, ratings, history, request, users=None)
    >>> films["score"].to_pylist()
    [29.0, 25.0]
    """
    texts = {}
    if reasons:
        lists = recommend(recommender, ratings, histories, request)
        films = list(chain.from_iterable(lists))
        user = np.repeat(np.arange(len(lists)), [len(shown) for shown in lists])
        place = np.array([place for shown in lists for place in range(len(shown))], dtype=np.intp)
        item = np.array([film.item for film in films], dtype=np.intp)
        score = np.array([film.score for film in films])
        of_films = [[reason.text for reason in film.reasons] for film in films]
        texts["reasons"] = pa.array(of_films, pa.list_(pa.string()))
    else:
        items, scores, costs = best_films(recommender, ratings, histories, request)
        user, place = np.nonzero(items >= 0)
        item, score = items[user, place], (scores - costs)[user, place]
    ids = {} if users is None else {"user": ratings.users.take(pa.array(users[user]))}
    catalogue = ratings.items.take(pa.array(item))
    table = pa.table(
        ids
        | {
            "item": catalogue["item_id"],
            "title": catalogue["title"],
            "rank": place + 1,
            "score": score,
        }
        | texts
    )
    return arrow_to_frame(table, ratings.frame_kind)
