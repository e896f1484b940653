"""Gaussian mixtures for rows with gaps and noise, fitted by EM.

All restarts advance together, as matrix products. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.mixture.estimator import GaussianMixture


__all__ = [
    "GaussianMixture",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "GaussianMixture": "lacunar.mixture.estimator",
    },
)
