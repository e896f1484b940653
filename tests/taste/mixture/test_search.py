from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from lacunar.taste.mixture.complete import CompleteRows
from lacunar.taste.mixture.parameters import FloatArray
from lacunar.taste.mixture.restarts import canonical_labels, fit_restarts
from lacunar.taste.mixture.search import commonest_partition, search
from lacunar.taste.mixture.starts import kmeans_labels


def test_the_surface_and_the_vote_equal_a_loop_over_scikit_learn(blobs: FloatArray) -> None:
    ks, seeds = range(1, 6), range(7)
    found = search(blobs, n_components=ks, seeds=seeds)
    bic = np.array(
        [[GaussianMixture(k, random_state=s).fit(blobs).bic(blobs) for s in seeds] for k in ks]
    )
    np.testing.assert_allclose(found.surface.bic, bic, atol=1e-6)
    votes = np.bincount(bic.argmin(axis=0) + 1)
    assert found.surface.k_frequency() == {
        int(k): int(votes[k]) for k in np.argsort(-votes, kind="stable") if votes[k]
    }
    assert found.n_components == int(votes.argmax())


def test_the_result_does_not_depend_on_the_number_of_threads(blobs: FloatArray) -> None:
    one = search(blobs, n_components=range(1, 5), seeds=range(6), n_threads=1)
    two = search(blobs, n_components=range(1, 5), seeds=range(6), n_threads=2)
    assert one.surface.bic.tobytes() == two.surface.bic.tobytes()
    assert one.chosen.covariances.tobytes() == two.chosen.covariances.tobytes()
    assert one.agreeing_seeds == two.agreeing_seeds


def test_agreeing_seeds_found_the_chosen_partition_and_others_did_not(blobs: FloatArray) -> None:
    k, seeds = 5, range(30)
    fit = fit_restarts(CompleteRows(blobs, "full", 150), kmeans_labels(blobs, k, seeds), k)
    partitions = [labels.tobytes() for labels in canonical_labels(fit.labels, k)]
    group = commonest_partition(fit)
    same = [i for i, partition in enumerate(partitions) if partition == partitions[group[0]]]
    assert group.tolist() == same
    assert all(partitions.count(other) <= len(same) for other in partitions)


def test_progress_counts_every_restart(blobs: FloatArray) -> None:
    calls: list[tuple[int, int]] = []
    search(
        blobs,
        n_components=range(1, 4),
        seeds=range(5),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(5, 15), (10, 15), (15, 15)]


@pytest.mark.parametrize("n", [3, 5])
def test_more_components_than_rows_are_left_out(n: int) -> None:
    x = np.random.default_rng(0).normal(size=(n, 2))
    assert search(x, n_components=range(1, 9), seeds=range(2)).surface.n_components == tuple(
        range(1, n + 1)
    )
