from __future__ import annotations

import math

import pytest

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import RatingScale


@pytest.mark.parametrize("bounds", [(5, 1, 1), (1, 1, 1), (0, 5, 0), (0, math.inf, 1)])
def test_a_scale_without_ratings_is_refused(bounds: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match=r"^scale: expected a minimum below the maximum"):
        RatingScale(*bounds)
    with pytest.raises(InputError, match=r"^scale: expected a rating scale MIN:MAX"):
        RatingScale.parse(":".join(map(str, bounds)))
