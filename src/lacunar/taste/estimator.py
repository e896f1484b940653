"""The taste model as a scikit-learn estimator, for cross-validation and searches of settings."""

from __future__ import annotations

from typing import Any, Self, Unpack

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.taste.config import RecommenderName, TasteConfig
from lacunar.taste.data.histories import histories_at
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Id, Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.metrics import ndcg_at
from lacunar.taste.fit import fit_taste
from lacunar.taste.recommend.candidates import Candidates, rank
from lacunar.taste.recommend.list_request import ListOptions

_USERS_AT_ONCE = 256


class TasteRecommender(BaseEstimator):  # type: ignore[misc]
    """A recommender as an estimator of scikit-learn; its rows are ratings.

    Rows of a frame can be split by ``KFold`` and searched by ``GridSearchCV``: :meth:`score` is
    the nDCG of the lists on the rows that were left out. For lists, profiles and segments without
    scikit-learn, :func:`lacunar.fit_taste` is shorter.

    Parameters
    ----------
    recommender : {"personal", "popularity", "segment", "posterior"}
        Rule of the lists.
    config : TasteConfig, optional
        Settings of the fit.
    items : frame, optional
        Titles, genres and years of the items.
    user, item, rating, timestamp : str
        Columns of the ratings; see :func:`lacunar.read_ratings`, also for the next two.
    title, genres : str
        Columns of ``items``.
    scale : RatingScale, optional
        Allowed ratings.

    Attributes
    ----------
    model_ : TasteModel

    Examples
    --------
    >>> from lacunar.datasets import sample_tastes
    >>> ratings = sample_tastes(n_users=50, n_movies=200).ratings.to_pandas()
    >>> train, test = ratings[ratings.index % 5 > 0], ratings[ratings.index % 5 == 0]
    >>> popular = TasteRecommender("popularity", config=TasteConfig(max_components=1)).fit(train)
    >>> popular.recommend([4], k=2)["item"].tolist()
    [99, 318]
    >>> round(popular.score(test), 2)
    0.28
    """

    def __init__(
        self,
        recommender: RecommenderName = "personal",
        *,
        config: TasteConfig | None = None,
        items: Any = None,
        user: str = "userId",
        item: str = "movieId",
        rating: str | None = "rating",
        timestamp: str | None = "timestamp",
        title: str | None = "title",
        genres: str | None = "genres",
        scale: RatingScale | None = None,
    ) -> None:
        self.recommender = recommender
        self.config = config
        self.items = items
        self.user = user
        self.item = item
        self.rating = rating
        self.timestamp = timestamp
        self.title = title
        self.genres = genres
        self.scale = scale

    def fit(self, X: Any, y: None = None) -> Self:  # noqa: ARG002 -- scikit-learn's names
        """Fit segments and recommenders to ratings.

        Parameters
        ----------
        X : frame
            Ratings, as :func:`lacunar.read_ratings` takes them.
        y : None
            Not used.

        Raises
        ------
        InputError
            If the ratings or the settings are invalid.
        """
        settings = dict(self.config or TasteConfig()) | {"recommender": self.recommender}
        self.model_ = fit_taste(self._read(X), TasteConfig(**settings), progress=False)
        return self

    def recommend(self, users: Id | list[Id], k: int = 10, **options: Unpack[ListOptions]) -> Any:
        """Recommend items to users; see :meth:`lacunar.TasteModel.recommend`."""
        check_is_fitted(self)
        return self.model_.recommend(users, k, **options)

    def score(self, X: Any, y: None = None) -> float:  # noqa: ARG002 -- scikit-learn's names
        """Mean nDCG@10 of the lists on ratings that were left out of the fit.

        Relevant are the likes in ``X`` of items in the fit; users without any, or without a rating
        in the fit, are left out. Items that a user rated in the fit are not recommended.

        Parameters
        ----------
        X : frame
            Ratings that were not fitted.
        y : None
            Not used.

        Raises
        ------
        InputError
            If no user of the fit has a like among the ratings.
        """
        check_is_fitted(self)
        ratings = self.model_.ratings
        relevant = self._likes(self._read(X))
        users = np.array(sorted(relevant), dtype=np.intp)
        if not len(users):
            raise InputError("expected likes of users and items of the fit, got none", field="X")
        among = Candidates(ratings.ratings_per_item > 0)
        recommender, values = self.model_.recommender(), []
        for start in range(0, len(users), _USERS_AT_ONCE):
            batch = users[start : start + _USERS_AT_ONCE]
            histories = histories_at(ratings, batch)
            lists, _ = rank(recommender.score(histories), histories, among, 10)
            hits = np.array(
                [np.isin(row, relevant[u]) for row, u in zip(lists, batch, strict=True)]
            )
            values.append(ndcg_at(hits, np.array([len(relevant[user]) for user in batch])))
        return float(np.concatenate(values).mean())

    def _likes(self, test: Ratings) -> dict[int, FloatArray]:
        """Positions in the fit of the items that each of its users likes in other ratings."""
        fitted, liked = self.model_.ratings, test.rating > self.model_.liked_above
        known = {str(item): place for place, item in enumerate(fitted.items["item_id"].to_pylist())}
        places = np.array([known.get(str(x), -1) for x in test.items["item_id"].to_pylist()])
        rated = np.append(fitted.ratings_per_item > 0, values=False)
        relevant = {}
        for position, user_id in enumerate(test.users.to_pylist()):
            rows = test.rows_of(position)
            items = places[test.item[rows][liked[rows]]]
            items = items[rated[items]]
            if len(items) and fitted.has_user(user_id):
                relevant[fitted.user_position(user_id)] = items
        return relevant

    def _read(self, ratings: Any) -> Ratings:
        return read_ratings(
            ratings,
            self.items,
            user=self.user,
            item=self.item,
            rating=self.rating,
            timestamp=self.timestamp,
            title=self.title,
            genres=self.genres,
            scale=self.scale,
        )
