"""Ranking, re-ranking and explanation of recommendation lists."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.parallel import in_threads
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Reason, Recommendation, Recommender
from lacunar.taste.recommend.candidates import Candidates, rank
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import SHORT_LIST, Controls, liked_genres, rerank

# The scores of one batch fit into memory that is reused.
_USERS_PER_BATCH = 128

_Lists = tuple[NDArray[np.intp], FloatArray, FloatArray]


def best_films(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    request: ListRequest,
    *,
    among: Candidates | None = None,
    n_threads: int | None = None,
) -> _Lists:
    """Return the best items for each user, in order.

    Parameters
    ----------
    recommender : Recommender
        Fitted, with ``controls.adventure`` already applied; ``request.by`` is not used.
    ratings : Ratings
        Log with the items. Its users are used only to find the candidates.
    histories : Histories
        Ratings of B users.
    request : ListRequest
    among : Candidates, optional
        The default is ``request.candidates(ratings)``.
    n_threads : int, optional
        The default is the number of cores.

    Returns
    -------
    items : ndarray of shape (B, min(k, I))
        Positions of items, best first; -1 after the last candidate.
    scores : ndarray of shape (B, min(k, I))
        ``-inf`` after the last candidate.
    costs : ndarray of shape (B, min(k, I))
        Penalty of each item from re-ranking. The score to show is the score minus the penalty.
    """
    among, controls, k = among or request.candidates(ratings), request.controls, request.k
    genres = ratings.genre_shares if controls.rerank else None
    if not histories.n_users:
        shape = (0, min(k, ratings.n_items))
        return np.empty(shape, dtype=np.intp), np.empty(shape), np.empty(shape)

    def lists_of(users: NDArray[np.intp]) -> _Lists:
        batch = histories.take(users)
        if genres is None:
            items, scores = rank(recommender.score(batch), batch, among, k)
            return items, scores, np.zeros_like(scores)
        short = rank(recommender.score(batch), batch, among, max(k, SHORT_LIST))
        return _reranked(*short, k, genres, liked_genres(batch, ratings, genres), controls)

    batches = np.split(
        np.arange(histories.n_users), range(_USERS_PER_BATCH, histories.n_users, _USERS_PER_BATCH)
    )
    items, scores, costs = zip(*in_threads(lists_of, batches, n_threads=n_threads), strict=True)
    return np.concatenate(items), np.concatenate(scores), np.concatenate(costs)


def _reranked(
    items: NDArray[np.intp],
    scores: FloatArray,
    k: int,
    genres: sp.csr_array,
    liked: FloatArray,
    controls: Controls,
) -> _Lists:
    ranks, costs = rerank(items, scores, k, genres=genres, liked=liked, controls=controls)
    chosen = np.maximum(ranks, 0)
    return (
        np.where(ranks < 0, -1, np.take_along_axis(items, chosen, axis=1)),
        np.where(ranks < 0, -np.inf, np.take_along_axis(scores, chosen, axis=1)),
        costs,
    )


def recommend(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    request: ListRequest | None = None,
) -> list[list[Recommendation]]:
    """Recommend items to each user, best first, with the parts of each score and the reasons.

    Parameters
    ----------
    recommender : Recommender
        Fitted, with ``controls.adventure`` already applied; ``request.by`` is not used.
    ratings : Ratings
        The log that the recommender was fitted to.
    histories : Histories
        Ratings of B users. Users may be new.
    request : ListRequest, optional
        The default asks for ten items without filters or controls.

    Returns
    -------
    lists : list of B lists of Recommendation
        At most ``request.k`` items each; fewer when candidates run out.

    Raises
    ------
    InputError
        If the request names an unknown item or genre, or its years are in the wrong order.

    Examples
    --------
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> popular = PopularityRecommender().fit(ratings)
    >>> [[film]] = recommend(popular, ratings, new_history(ratings, {}), ListRequest(k=1))
    >>> film.reasons[0].text
    '29 of 50 users rated it 4 or more'
    """
    items, _, costs = best_films(recommender, ratings, histories, request or ListRequest())
    return [
        _explained(recommender, histories.take(np.array([user])), items[user], costs[user])
        for user in range(histories.n_users)
    ]


def _explained(
    recommender: Recommender,
    history: Histories,
    items: NDArray[np.intp],
    costs: FloatArray,
) -> list[Recommendation]:
    shown = items[items >= 0].tolist()
    parts_of = recommender.decompose(history, shown)
    reasons_of = recommender.explain(history, shown, parts_of)
    explained = []
    for item, parts, reasons, cost in zip(
        shown, parts_of, reasons_of, costs.tolist(), strict=False
    ):
        whole, grounds = parts, reasons
        if cost:
            whole = parts.plus("reranking", -cost)
            price = Reason("reranking", "ranked lower for a better mix", -cost)
            grounds = (*reasons, price)
        explained.append(Recommendation(item, whole.total, whole, grounds))
    return explained
