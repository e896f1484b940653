"""Settings of a taste fit, for Python, the command line and the manifest of a saved model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from lacunar.errors import InputError
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.fit_grid import Criterion
from lacunar.mixture.parameters import CovarianceType
from lacunar.settings import Settings
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.features.imputation import GapStrategy
from lacunar.taste.features.views import DEFAULT_VIEW, parse_view

Preset = Literal["default", "source"]
RecommenderName = Literal["popularity", "segment", "posterior", "personal"]
RECOMMENDERS: tuple[RecommenderName, ...] = get_args(RecommenderName)
# k-means uses NumPy's legacy generator, whose seeds have 32 bits.
_SEEDS = 2**32

# Settings of the source report; docs/choosing-segments.md has the evidence for the defaults.
_SOURCE: dict[str, Any] = {
    "preset": "source",
    "view": "means",
    "gaps": "row-mean",
    "noise": False,
    "covariance_type": "full",
    "prior_users": None,
    "criterion": "vote",
    "n_seeds": 51,
    "tol": 1e-3,
    "max_iter": 100,
    "recommender": "segment",
}


def check_recommender(name: object) -> None:
    """Raise InputError unless a recommender has this name.

    Examples
    --------
    >>> check_recommender("magic")
    Traceback (most recent call last):
    lacunar.errors.InputError: by: expected one of popularity, segment, ..., personal, got 'magic'
    """
    if name not in list(RECOMMENDERS):
        raise InputError(f"expected one of {', '.join(RECOMMENDERS)}, got {name!r}", field="by")


def draw_users(n_users: int, size: int, *, seed: int) -> NDArray[np.intp]:
    """Draw a seeded sample of users.

    Parameters
    ----------
    n_users : int
        Number of all users.
    size : int
        Size of the sample, at most ``n_users``.
    seed : int

    Returns
    -------
    ndarray of shape (size,)
        Positions, ascending.

    Examples
    --------
    >>> len(draw_users(20_000, 5_000, seed=0)), draw_users(3, 3, seed=0).tolist()
    (5000, [0, 1, 2])
    """
    generator = np.random.default_rng([seed, n_users])
    return np.sort(generator.choice(n_users, size=size, replace=False))


class TasteConfig(Settings):
    """Settings of a taste fit; ``help`` or the reference lists them with their defaults.

    Raises
    ------
    InputError
        If a setting is unknown or invalid, or two settings contradict each other.

    Examples
    --------
    >>> TasteConfig(max_components=6).criterion
    'bic'
    >>> TasteConfig.of_preset("source", n_seeds=5).gaps
    'row-mean'
    """

    preset: Preset = "default"
    view: str = Field(
        DEFAULT_VIEW,
        description="Columns of a user that the mixture is fitted to: view names joined by '+'.",
    )
    gaps: GapStrategy = Field("keep", description="Treatment of genres that a user has not rated.")
    noise: bool = Field(True, description="Whether means of few ratings count as noisier.")
    covariance_type: CovarianceType = "diag"
    prior_users: float | None = Field(
        3.0, ge=0, description="Weight of the covariance prior, in users; null without a prior."
    )
    criterion: Criterion = "bic"
    folds: int = Field(0, ge=0, description="Folds of the held-out likelihood; 0 skips it.")
    refits: int = Field(
        3,
        ge=0,
        description="Refits without a tenth of the users, to measure how stable segments are.",
    )
    min_components: int = Field(1, ge=1)
    max_components: int = Field(10, ge=1)
    n_seeds: int = Field(40, ge=1, description="Restarts for each number of segments.")
    seed: int = Field(
        0, ge=0, description="First of the consecutive seeds of restarts; also the seed of the map."
    )
    tol: float = Field(1e-4, gt=0)
    max_iter: int = Field(500, ge=1)
    reg_covar: float = Field(1e-6, ge=0, description="Floor of variances, without a prior.")
    liked_above: float | None = Field(
        None,
        description="A rating above this is a like. The default is seven tenths of the way from 0, "
        "or a lower minimum, to the scale's maximum, so that 4 of 5 is a like; four fifths in the "
        "source preset.",
    )
    recommender: RecommenderName = Field("personal", description="Default recommender.")
    search_users: int = Field(
        20_000, ge=2, description="With at most this many users, all choose the number of segments."
    )
    sample_users: int = Field(
        5_000,
        ge=2,
        description="With more users, a seeded sample of this size chooses the number of segments; "
        "the mixture is then fitted to all users. The personal recommender is never tuned on more "
        "users than this.",
    )
    map_users: int = Field(
        5_000,
        ge=1,
        description="Users on the map; with more users, a seeded sample. More markers would hide "
        "each other, and t-SNE of 20,000 users takes two minutes.",
    )

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> Self:
        """Return the settings of a preset, with some of them changed."""
        return cls(**((_SOURCE if preset == "source" else {"preset": preset}) | changes))

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Settings other than the defaults, for the text of an object."""
        for name, field in type(self).model_fields.items():
            if (value := getattr(self, name)) != field.default:
                yield name, value

    @property
    def em_options(self) -> EmOptions:
        """Settings of a single EM fit."""
        return EmOptions(
            covariance_type=self.covariance_type,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior_users=self.prior_users,
        )

    def sample(self, n_users: int) -> NDArray[np.intp] | None:
        """Return the positions of the sample that chooses K, ascending; None to use all users.

        Examples
        --------
        >>> TasteConfig().sample(20_000) is None
        True
        >>> len(TasteConfig().sample(20_001))
        5000
        """
        if n_users <= self.search_users:
            return None
        return draw_users(n_users, self.sample_users, seed=self.seed)

    def liked_above_on(self, scale: RatingScale) -> float:
        """Return the rating above which a rating is a like.

        Examples
        --------
        >>> scales = RatingScale(0.5, 5), RatingScale(-10, 10), RatingScale(-5, 0)
        >>> [round(TasteConfig().liked_above_on(scale), 3) for scale in scales]
        [3.5, 4.0, -1.5]
        """
        if self.liked_above is not None:
            return self.liked_above
        lowest = min(scale.minimum, 0.0)
        share = 0.8 if self.preset == "source" else 0.7
        return lowest + share * (scale.maximum - lowest)

    @field_validator("view")
    @classmethod
    def _check_view(cls, view: str) -> str:
        return "+".join(parse_view(view))

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.min_components > self.max_components:
            raise ValueError("expected `min_components` of at most `max_components`")
        if self.sample_users > self.search_users:
            raise ValueError("expected `sample_users` of at most `search_users`")
        if self.noise and self.gaps != "keep":
            raise ValueError("`noise` needs `gaps` keep: the noise of a filled cell is unknown")
        if self.criterion == "held-out" and self.folds < 2:
            raise ValueError("`criterion` held-out needs `folds` of at least 2")
        if self.seed + self.n_seeds > _SEEDS:
            raise ValueError(f"expected seeds below {_SEEDS}: `seed` and `n_seeds` add up to more")
        if self.folds == 1:
            raise ValueError("expected `folds` of 0 or at least 2")
        return self
