from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.mixture.data import MixtureData
from lacunar.taste.mixture.em import SufficientStatistics, e_step, m_step, posterior
from lacunar.taste.mixture.expectation import LocalExpectation
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray, MixtureParameters

KINDS = ["complete", "gaps", "noise"]


def rows_of(kind: str, blobs: FloatArray) -> MixtureData:
    rng = np.random.default_rng(3)
    x = blobs.copy()
    if kind != "complete":
        x[rng.random(x.shape) < 0.2] = np.nan
    return MixtureData(x, rng.uniform(0, 0.5, x.shape) if kind == "noise" else None)


def two_mixtures(data: MixtureData, covariance_type: CovarianceType) -> MixtureParameters:
    """Means in the units of the data."""
    whole = data.observations(covariance_type, 6)
    return m_step(whole.start(data.starts(3, [0, 1]), 3), 1e-3).moved_by(whole.origin)


def assert_equal(found: SufficientStatistics, expected: SufficientStatistics) -> None:
    for name in ("mass", "first", "second"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_chunks_sum_to_what_one_pass_over_all_rows_gives(
    blobs: FloatArray, kind: str, covariance_type: CovarianceType
) -> None:
    data = rows_of(kind, blobs)
    whole = data.observations(covariance_type, 6)
    mixtures = two_mixtures(data, covariance_type).moved_by(-whole.origin)
    expected_bound, expected = e_step(whole, mixtures)
    rows = LocalExpectation(data, covariance_type, rows_per_chunk=37)
    np.testing.assert_allclose(rows.origin, whole.origin, rtol=1e-12)
    bound, found = rows.statistics(mixtures)
    np.testing.assert_allclose(bound, expected_bound, rtol=1e-10)
    assert_equal(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_threads_changes_no_bit(blobs: FloatArray, kind: str) -> None:
    data = rows_of(kind, blobs)
    found = []
    for n_threads in (1, 2, 5):
        rows = LocalExpectation(data, "full", n_threads=n_threads, rows_per_chunk=16)
        mixtures = two_mixtures(data, "full").moved_by(-rows.origin)
        bound, sums = rows.statistics(mixtures)
        arrays = (bound, sums.mass, sums.first, sums.second)
        found.append(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays))
    assert len(set(found)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_responsibilities_and_labels_are_those_of_the_posterior(
    blobs: FloatArray, kind: str
) -> None:
    data = rows_of(kind, blobs)
    mixtures = two_mixtures(data, "diag")
    expected, _ = posterior(data.observations("diag", 6), mixtures)
    rows = LocalExpectation(data, "diag", rows_per_chunk=50)
    assert (rows.labels(mixtures) == expected.argmax(axis=1)).all()
    second = mixtures.take(np.array([1]))
    np.testing.assert_allclose(rows.responsibilities(second), expected[1].T, atol=1e-10)


def test_variances_are_of_the_known_cells(blobs: FloatArray) -> None:
    data = rows_of("gaps", blobs)
    rows = LocalExpectation(data, "diag")
    np.testing.assert_allclose(rows.variances, np.nanvar(data.values, axis=0), rtol=1e-12)
    assert rows.n_rows == len(blobs)
