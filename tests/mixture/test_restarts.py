from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import entr
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.parameters import CovarianceType
from lacunar.mixture.restarts import canonical_labels, fit_restarts
from lacunar.mixture.rows.complete import CompleteRows


@pytest.mark.parametrize("kind", ["full", "diag"])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_every_restart_ends_where_scikit_learn_does(
    blobs: FloatArray, kind: CovarianceType, k: int
) -> None:
    seeds = range(8)
    fit = fit_restarts(CompleteRows(blobs, kind, 8 * k), kmeans_labels(blobs, k, seeds), k)
    for seed in seeds:
        peer = GaussianMixture(k, covariance_type=kind, random_state=seed).fit(blobs)
        assert fit.lower_bound[seed] == pytest.approx(peer.lower_bound_, abs=1e-9)
        assert fit.bic()[seed] == pytest.approx(peer.bic(blobs), abs=1e-6)
        assert fit.n_iter[seed] == peer.n_iter_
        assert fit.converged[seed] == peer.converged_
        assert adjusted_rand_score(fit.labels[seed], peer.predict(blobs)) == 1


def test_equal_starts_under_other_labels_end_alike(blobs: FloatArray) -> None:
    start = kmeans_labels(blobs, 3, [0])
    fit = fit_restarts(CompleteRows(blobs, "full"), np.concatenate([start, (start + 1) % 3]), 3)
    assert fit.lower_bound[0] == fit.lower_bound[1]
    assert np.array_equal(fit.labels[0], fit.labels[1])


def test_more_iterations_never_lower_the_likelihood(blobs: FloatArray) -> None:
    start = kmeans_labels(blobs, 4, range(5))
    data = CompleteRows(blobs, "full", 20)
    bounds = np.stack(
        [
            fit_restarts(data, start, 4, max_iter=n, tol=1e-12, reg_covar=0).lower_bound
            for n in range(1, 15)
        ]
    )
    assert (np.diff(bounds, axis=0) >= -1e-12).all()


def test_a_restart_out_of_iterations_has_not_converged(blobs: FloatArray) -> None:
    fit = fit_restarts(CompleteRows(blobs, "full"), kmeans_labels(blobs, 4, [0]), 4, max_iter=2)
    assert not fit.converged[0]
    assert fit.n_iter[0] == 2


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20), st.permutations(range(5)))
def test_canonical_labels_forget_only_the_names_of_groups(
    labels: list[int], names: list[int]
) -> None:
    renamed = [names[label] for label in labels]
    canonical, again = canonical_labels(np.array([labels, renamed]), 5)
    assert np.array_equal(canonical, again)
    assert adjusted_rand_score(labels, canonical) == 1
    assert canonical[0] == 0
    assert set(canonical) == set(range(canonical.max() + 1))


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_entropy_and_icl_are_those_of_the_responsibilities_of_scikit_learn(
    blobs: FloatArray, kind: CovarianceType
) -> None:
    seeds = range(4)
    fit = fit_restarts(CompleteRows(blobs, kind, 16), kmeans_labels(blobs, 4, seeds), 4)
    for seed in seeds:
        with threadpool_limits(limits=1):
            peer = GaussianMixture(4, covariance_type=kind, random_state=seed).fit(blobs)
        entropy = entr(peer.predict_proba(blobs)).sum()
        assert fit.entropy[seed] == pytest.approx(entropy, rel=1e-6)
        assert fit.icl()[seed] == pytest.approx(peer.bic(blobs) + 2 * entropy, rel=1e-9)


def test_the_smallest_variance_is_the_smallest_eigenvalue_of_any_covariance(
    blobs: FloatArray,
) -> None:
    start = kmeans_labels(blobs, 3, range(4))
    full = fit_restarts(CompleteRows(blobs, "full", 12), start, 3)
    diag = fit_restarts(CompleteRows(blobs, "diag", 12), start, 3)
    for restart in range(4):
        eigenvalues = [np.linalg.eigvalsh(s) for s in full.parameters.covariances[restart]]
        assert full.smallest_variance[restart] == pytest.approx(np.min(eigenvalues))
        assert diag.smallest_variance[restart] == diag.parameters.covariances[restart].min()


def test_rows_filled_with_their_own_mean_collapse_and_complete_rows_do_not(
    blobs: FloatArray,
) -> None:
    # Of every other row one cell is known: filled, all of its cells are alike.
    filled = blobs.copy()
    filled[::2] = filled[::2, :1]
    start = (np.arange(len(blobs)) % 2).astype(np.int32)[np.newaxis]
    collapsed = fit_restarts(CompleteRows(filled, "full"), start, 2)
    sound = fit_restarts(CompleteRows(blobs, "full"), start, 2)
    assert collapsed.degenerate(1e-6).tolist() == [True]
    assert sound.degenerate(1e-6).tolist() == [False]
    assert collapsed.log_likelihood[0] > sound.log_likelihood[0] + 5


def test_fits_within_ten_times_the_floor_are_flagged(blobs: FloatArray) -> None:
    fit = fit_restarts(CompleteRows(blobs, "full", 30), kmeans_labels(blobs, 5, range(6)), 5)
    smallest = sorted(set(fit.smallest_variance.round(6)))
    assert len(smallest) > 1
    assert not fit.degenerate(0.0).any()
    assert not fit.degenerate(0.099 * smallest[0]).any()
    assert 0 < fit.degenerate(0.101 * smallest[0]).sum() < 6
    assert fit.degenerate(0.101 * smallest[-1]).all()
