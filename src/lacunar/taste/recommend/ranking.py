"""From a recommender to lists: rank, order anew where that was asked for, explain."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.parallel import in_threads
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Reason, Recommendation, Recommender
from lacunar.taste.recommend.candidates import Candidates, candidates, rank
from lacunar.taste.recommend.rerank import SHORT_LIST, Controls, liked_genres, rerank

# Scores of so many users fit into memory that is used again and again.
_USERS_PER_BATCH = 128

_Lists = tuple[NDArray[np.intp], FloatArray, FloatArray]


def best_films(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    k: int,
    *,
    among: Candidates | None = None,
    controls: Controls | None = None,
    n_threads: int | None = None,
) -> _Lists:
    """The films to show each user, in order.

    Parameters
    ----------
    recommender : Recommender
        Fitted, and as adventurous as wanted.
    ratings : Ratings
        Of the films; its users are looked at only where ``among`` is not named.
    histories : Histories
        Of B users.
    k : int
    among : Candidates, optional
        Films somebody rated and the user did not, unless named.
    controls : Controls, optional
    n_threads : int, optional
        As many as there are cores unless named.

    Returns
    -------
    items : ndarray of shape (B, min(k, I))
        Positions of films, best first; -1 where candidates run out.
    scores : ndarray of shape (B, min(k, I))
        ``-inf`` where candidates run out.
    costs : ndarray of shape (B, min(k, I))
        What re-ranking takes from each score at its place; the score to show is the difference.
    """
    among = among or candidates(ratings)
    controls = controls or Controls()

    genres = ratings.genre_shares if controls.rerank else None

    def of_some(users: NDArray[np.intp]) -> _Lists:
        some = histories.take(users)
        if genres is None:
            items, scores = rank(recommender.score(some), some, among, k)
            return items, scores, np.zeros_like(scores)
        short = rank(recommender.score(some), some, among, max(k, SHORT_LIST))
        return _reranked(*short, k, genres, liked_genres(some, ratings, genres), controls)

    batches = np.split(
        np.arange(histories.n_users), range(_USERS_PER_BATCH, histories.n_users, _USERS_PER_BATCH)
    )
    items, scores, costs = zip(*in_threads(of_some, batches, n_threads=n_threads), strict=True)
    return np.concatenate(items), np.concatenate(scores), np.concatenate(costs)


def _reranked(
    items: NDArray[np.intp],
    scores: FloatArray,
    k: int,
    genres: sp.csr_array,
    liked: FloatArray,
    controls: Controls,
) -> _Lists:
    places, costs = rerank(items, scores, k, genres=genres, liked=liked, controls=controls)
    chosen = np.maximum(places, 0)
    return (
        np.where(places < 0, -1, np.take_along_axis(items, chosen, axis=1)),
        np.where(places < 0, -np.inf, np.take_along_axis(scores, chosen, axis=1)),
        costs,
    )


def recommend(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    k: int,
    *,
    among: Candidates | None = None,
    controls: Controls | None = None,
) -> list[list[Recommendation]]:
    """At most k films for each user, best first, with the parts of their scores and reasons.

    Parameters
    ----------
    recommender, ratings, histories, k, among, controls
        As in :func:`best_films`.

    Examples
    --------
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> popular = PopularityRecommender().fit(ratings)
    >>> [[film]] = recommend(popular, ratings, new_history(ratings, {}), 1)
    >>> film.reasons[0].text
    '29 of 50 users gave it 4 stars or more'
    """
    items, _, costs = best_films(recommender, ratings, histories, k, among=among, controls=controls)
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
    told_of = recommender.explain(history, shown, parts_of)
    explained = []
    for item, parts, told, cost in zip(shown, parts_of, told_of, costs.tolist(), strict=False):
        whole, grounds = parts, told
        if cost:
            whole = parts.plus("reranking", -cost)
            price = Reason("reranking", f"its place in the list costs {cost:.3g}", -cost)
            grounds = (*told, price)
        explained.append(Recommendation(item, whole.total, whole, grounds))
    return explained
