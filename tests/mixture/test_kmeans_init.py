from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from lacunar.aliases import FloatArray
from lacunar.mixture.kmeans_init import kmeans_labels


@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_each_seed_gives_the_labels_of_scikit_learn(blobs: FloatArray, k: int) -> None:
    labels = kmeans_labels(blobs, k, seeds=range(12))
    for seed in range(12):
        assert np.array_equal(
            labels[seed], KMeans(k, n_init=1, random_state=seed).fit(blobs).labels_
        )


def test_an_emptied_cluster_is_moved_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(3)
    x = np.concatenate(
        [rng.normal(size=(40, 2)), np.repeat(rng.normal(size=(4, 2)) * 9, 8, axis=0)]
    )
    for k in (9, 12, 15):
        labels = kmeans_labels(x, k, seeds=range(40))
        for seed in range(40):
            assert np.array_equal(
                labels[seed], KMeans(k, n_init=1, random_state=seed).fit(x).labels_
            )


def test_batches_of_seeds_give_what_single_seeds_give(blobs: FloatArray) -> None:
    together = kmeans_labels(blobs, 4, seeds=[5, 6, 7])
    for row, seed in enumerate([5, 6, 7]):
        assert np.array_equal(together[row], kmeans_labels(blobs, 4, seeds=[seed])[0])


def test_rows_with_fewer_values_than_clusters_raise_no_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    labels = kmeans_labels(np.repeat([[0.0], [1.0]], 6, axis=0), 4, seeds=range(5))
    assert len(recwarn) == 0
    assert {len(set(row)) for row in labels.tolist()} == {2}
