from __future__ import annotations

import numpy as np
import pytest

from lacunar.aliases import FloatArray
from lacunar.mixture import conditional
from lacunar.mixture.conditional import fill_gaps
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.parameters import CovarianceType, MixtureParameters


@pytest.fixture
def holed(blobs: FloatArray) -> FloatArray:
    x = blobs.copy()
    x[np.random.default_rng(3).random(x.shape) < 0.4] = np.nan
    return x


def one_mixture(x: FloatArray, form: CovarianceType) -> MixtureParameters:
    return EmOptions(form).fit(MixtureData(x), 3, [0]).parameters


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("form", ["full", "diag"])
def test_small_blocks_change_nothing(
    holed: FloatArray, form: CovarianceType, noisy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).uniform(0, 1, holed.shape) if noisy else None
    data, mixture = MixtureData(holed, noise), one_mixture(holed, form)
    whole = fill_gaps(data, mixture)
    monkeypatch.setattr(conditional, "_BLOCK_NUMBERS", 200)
    monkeypatch.setattr(conditional, "_BLOCK_CELLS", 300)
    np.testing.assert_allclose(fill_gaps(data, mixture), whole, rtol=1e-12)


def test_noise_of_a_cell_weakens_what_it_says(holed: FloatArray) -> None:
    mixture = one_mixture(holed, "full")
    row = np.array([[holed[~np.isnan(holed[:, 0]), 0][0], *[np.nan] * 4]])
    alone = fill_gaps(MixtureData(np.full((1, 5), np.nan)), mixture)
    exact = fill_gaps(MixtureData(row), mixture)
    noisy = fill_gaps(MixtureData(row, np.full((1, 5), 1e12)), mixture)
    np.testing.assert_allclose(noisy[0, 1:], alone[0, 1:], rtol=1e-6)
    assert np.abs(exact - alone)[0, 1:].max() > 0.01
    assert noisy[0, 0] == row[0, 0]


def test_complete_rows_come_back_as_a_copy(blobs: FloatArray) -> None:
    filled = fill_gaps(MixtureData(blobs), one_mixture(blobs, "full"))
    assert np.array_equal(filled, blobs)
    assert not np.shares_memory(filled, blobs)
