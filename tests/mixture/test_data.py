from __future__ import annotations

import numpy as np
import pytest

from lacunar.aliases import FloatArray
from lacunar.mixture.data import MixtureData
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.parameters import CovarianceType
from lacunar.mixture.rows.complete import CompleteRows
from lacunar.mixture.rows.gaps_diagonal import DiagonalGapRows
from lacunar.mixture.rows.gaps_full import FullGapRows
from lacunar.mixture.rows.noisy import NoisyRows
from lacunar.mixture.statistics import fill_additive


def with_gaps(x: FloatArray) -> FloatArray:
    return np.where(np.random.default_rng(0).random(size=x.shape) < 0.3, np.nan, x)


@pytest.mark.parametrize(
    ("kind", "gaps", "noise", "engine"),
    [
        ("full", False, False, CompleteRows),
        ("diag", False, False, CompleteRows),
        ("full", True, False, FullGapRows),
        ("diag", True, False, DiagonalGapRows),
        ("full", False, True, NoisyRows),
        ("diag", True, True, NoisyRows),
    ],
)
def test_gaps_and_noise_choose_the_engine(
    blobs: FloatArray, kind: CovarianceType, gaps: bool, noise: bool, engine: type
) -> None:
    x = with_gaps(blobs) if gaps else blobs
    data = MixtureData(x, np.ones_like(x) if noise else None)
    observations = data.observations(kind)
    assert type(observations) is engine
    assert observations.covariance_type == kind
    assert observations.n_rows == len(x)
    np.testing.assert_allclose(observations.origin, np.nanmean(x, axis=0))


def test_taken_rows_keep_their_noise(blobs: FloatArray) -> None:
    rows = np.array([4, 1, 100])
    x = with_gaps(blobs)
    taken = MixtureData(x, blobs**2).take(rows)
    np.testing.assert_array_equal(taken.values, x[rows])
    assert taken.noise is not None
    np.testing.assert_array_equal(taken.noise, blobs[rows] ** 2)
    assert MixtureData(x).take(rows).noise is None


def test_complete_rows_start_from_k_means(blobs: FloatArray) -> None:
    starts = MixtureData(blobs).starts(3, [2, 0])
    assert np.array_equal(starts, kmeans_labels(blobs, 3, [2, 0]))


def test_gaps_are_filled_only_for_k_means(blobs: FloatArray) -> None:
    x = with_gaps(blobs)
    before = x.copy()
    starts = MixtureData(x).starts(3, [0, 1])
    assert np.array_equal(starts, kmeans_labels(fill_additive(x), 3, [0, 1]))
    np.testing.assert_array_equal(x, before)
