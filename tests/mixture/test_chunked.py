from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from lacunar.aliases import FloatArray
from lacunar.mixture.chunked import LocalExpectation, refine
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import e_step, m_step, posterior
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.model_selection import search
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.statistics import SufficientStatistics

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
def test_the_result_does_not_depend_on_the_number_of_threads(blobs: FloatArray, kind: str) -> None:
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


def crowd(n: int = 3_000) -> FloatArray:
    rng = np.random.default_rng(5)
    centers = rng.normal(scale=2, size=(4, 5)) + 10
    return np.asarray(centers[rng.integers(4, size=n)] + rng.normal(size=(n, 5)))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["full", "diag"])
def test_refining_equals_scikit_learn_from_the_same_mixture(
    blobs: FloatArray, kind: CovarianceType
) -> None:
    rough = GaussianMixture(3, covariance_type=kind, random_state=1).fit(blobs[::3])
    start = MixtureParameters(
        rough.weights_[np.newaxis], rough.means_[np.newaxis], rough.covariances_[np.newaxis]
    )
    rows = LocalExpectation(MixtureData(blobs), kind, rows_per_chunk=40)
    ours = refine(rows, start, tol=1e-300, max_iter=7)
    peer = GaussianMixture(
        3,
        covariance_type=kind,
        weights_init=rough.weights_,
        means_init=rough.means_,
        precisions_init=rough.precisions_,
        tol=0,
        max_iter=7,
    ).fit(blobs)
    assert ours.lower_bound[0] == pytest.approx(peer.lower_bound_, abs=1e-9)
    np.testing.assert_allclose(ours.parameters.means[0], peer.means_, rtol=1e-8)
    np.testing.assert_allclose(ours.parameters.weights[0], peer.weights_, rtol=1e-7)
    assert not ours.converged[0]


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_a_sample_and_then_all_rows_reach_the_optimum_of_all_rows(kind: CovarianceType) -> None:
    data = MixtureData(crowd())
    options = EmOptions(covariance_type=kind, prior_users=3.0, tol=1e-7, max_iter=500)
    whole = search(data, n_components=[4], seeds=range(5), options=options, criterion="bic")
    sample = np.arange(0, 3_000, 6)
    part = search(
        data.take(sample), n_components=[4], seeds=range(5), options=options, criterion="bic"
    )
    rows = LocalExpectation(data, kind)
    prior = CovariancePrior.from_variances(rows.variances, 4, kind, weight=3.0)
    found = refine(rows, part.starts, prior, tol=1e-7, max_iter=500)
    assert found.lower_bound.max() == pytest.approx(whole.fit_grid.lower_bound.max(), abs=1e-5)
    order, expected = (m.means[0, :, 0].argsort() for m in (found.best(), whole.chosen))
    np.testing.assert_allclose(
        found.best().means[0][order], whole.chosen.means[0][expected], atol=1e-2
    )
