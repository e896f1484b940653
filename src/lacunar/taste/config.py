"""Everything a taste fit can be told, one model for the API, the command line and the manifest."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lacunar.mixture.fit_grid import Criterion
from lacunar.mixture.model_selection import EmOptions
from lacunar.mixture.parameters import CovarianceType
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.features.imputation import GapStrategy
from lacunar.taste.features.views import parse_view

Preset = Literal["default", "source"]
RecommenderName = Literal["popularity", "segment", "posterior", "personal"]
RECOMMENDERS: tuple[RecommenderName, ...] = get_args(RecommenderName)
# k-means starts draw from NumPy's legacy generator, whose seeds are 32 bits.
_SEEDS = 2**32

# What the source report did; the evidence for the default is in docs/choosing-segments.md.
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


def draw_users(n_users: int, size: int, *, seed: int) -> NDArray[np.intp]:
    """Draw a seeded sample of users.

    Parameters
    ----------
    n_users : int
        Users in all.
    size : int
        At most as many.
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


class TasteConfig(BaseModel):
    """Settings of a taste fit.

    Examples
    --------
    >>> TasteConfig(max_components=6).criterion
    'bic'
    >>> TasteConfig.of_preset("source", n_seeds=5).gaps
    'row-mean'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    preset: Preset = "default"
    view: str = Field(
        "shares+periods", description="What a mixture sees of a user: parts joined by '+'."
    )
    gaps: GapStrategy = Field("keep", description="What stands where a user has no rating.")
    noise: bool = Field(True, description="Whether cells of few ratings count as less sure.")
    covariance_type: CovarianceType = "diag"
    prior_users: float | None = Field(
        3.0, ge=0, description="Users the covariance prior weighs as much as; none without one."
    )
    criterion: Criterion = "bic"
    folds: int = Field(0, ge=0, description="Folds of the held-out likelihood; 0 leaves it out.")
    refits: int = Field(
        3, ge=0, description="Refits without a tenth of the users, to see if segments come back."
    )
    min_components: int = Field(1, ge=1)
    max_components: int = Field(10, ge=1)
    n_seeds: int = Field(40, ge=1, description="Restarts of every K.")
    seed: int = Field(0, ge=0, description="First of the consecutive seeds, and the map's seed.")
    tol: float = Field(1e-4, gt=0)
    max_iter: int = Field(500, ge=1)
    reg_covar: float = Field(1e-6, ge=0, description="Floor of variances where there is no prior.")
    liked_above: float | None = Field(
        None,
        description="A rating above this is a like; for the source preset four fifths of the "
        "scale's maximum unless named, else seven tenths, so that four stars of five are one.",
    )
    recommender: RecommenderName = Field(
        "personal", description="Who recommends where no recommender is named."
    )
    search_users: int = Field(
        20_000, ge=2, description="Up to so many users K and restarts are chosen on all."
    )
    sample_users: int = Field(
        5_000,
        ge=2,
        description="Of more users, K and restarts are chosen on a seeded sample of so many; the "
        "mixture itself is then fitted to all. Settings of the personal recommender, which cost "
        "more, are never chosen on more users than this.",
    )
    map_users: int = Field(
        5_000,
        ge=1,
        description="Users on the map, of more a seeded sample: marks of more would hide each "
        "other, and placing 20,000 takes two minutes.",
    )

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> Self:
        """Return a preset's settings with some changed."""
        return cls(**((_SOURCE if preset == "source" else {"preset": preset}) | changes))

    @property
    def em_options(self) -> EmOptions:
        """The settings of a single fit."""
        return EmOptions(
            covariance_type=self.covariance_type,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior_users=self.prior_users,
        )

    def sample(self, n_users: int) -> NDArray[np.intp] | None:
        """Positions of the users that choices are made on, ascending; none where it is everybody.

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
        """Stars above which a rating counts as a like."""
        if self.liked_above is not None:
            return self.liked_above
        return (0.8 if self.preset == "source" else 0.7) * scale.maximum

    @field_validator("view")
    @classmethod
    def _check_view(cls, view: str) -> str:
        return "+".join(parse_view(view))

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.min_components > self.max_components:
            raise ValueError("expected min_components of at most max_components")
        if self.sample_users > self.search_users:
            raise ValueError("expected sample_users of at most search_users")
        if self.noise and self.gaps != "keep":
            raise ValueError("noise needs gaps='keep': a filled cell has no known noise")
        if self.criterion == "held-out" and self.folds < 2:
            raise ValueError("criterion 'held-out' needs folds of at least 2")
        if self.seed + self.n_seeds > _SEEDS:
            raise ValueError(f"expected seeds below {_SEEDS}: seed and n_seeds add up to more")
        if self.folds == 1:
            raise ValueError("expected folds of 0 or at least 2")
        return self
