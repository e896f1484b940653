"""Everything a taste fit can be told, one model for the API, the command line and the manifest."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lacunar.taste.mixture.parameters import CovarianceType

Preset = Literal["source"]


class TasteConfig(BaseModel):
    """Settings of a taste fit; the defaults are the source report's.

    Examples
    --------
    >>> TasteConfig(max_components=6).n_seeds
    51
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Preset = "source"
    gaps: Literal["row-mean", "zero"] = Field(
        "row-mean", description="What stands where a user has no rating."
    )
    covariance_type: CovarianceType = "full"
    min_components: int = Field(1, ge=1)
    max_components: int = Field(10, ge=1)
    n_seeds: int = Field(51, ge=1, description="Restarts of every K.")
    seed: int = Field(0, ge=0, description="First of the consecutive seeds, and the map's seed.")
    tol: float = Field(1e-3, gt=0)
    max_iter: int = Field(100, ge=1)
    reg_covar: float = Field(1e-6, ge=0)
    liked_above: float | None = Field(
        None, description="A rating above this is a like; four fifths of the scale unless named."
    )
    map_users: int = Field(20_000, ge=1, description="Users on the map, a seeded sample of them.")
