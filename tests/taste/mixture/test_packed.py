from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.mixture.packed import unpacked, upper_pairs


@pytest.mark.parametrize("d", [1, 2, 5])
def test_packing_and_unpacking_give_the_matrix_back(d: int) -> None:
    factors = np.random.default_rng(d).normal(size=(3, d, d))
    matrices = factors + np.swapaxes(factors, -1, -2)
    i, j = upper_pairs(d)
    assert np.array_equal(unpacked(matrices[..., i, j], d), matrices)
