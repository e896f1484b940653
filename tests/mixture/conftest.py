from __future__ import annotations

import numpy as np
import pytest

from lacunar.aliases import FloatArray


@pytest.fixture
def blobs() -> FloatArray:
    """Three overlapping groups in five dimensions, far from the origin."""
    rng = np.random.default_rng(0)
    centers = rng.normal(scale=1.5, size=(3, 5)) + 20
    shapes = rng.normal(size=(3, 5, 5))
    return np.concatenate(
        [rng.normal(size=(60, 5)) @ shape * 0.6 + center
         for center, shape in zip(centers, shapes, strict=True)]
    )  # fmt: skip
