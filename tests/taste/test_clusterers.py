from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from lacunar.errors import InputError
from lacunar.taste.clusterers import (
    Clusterer,
    Dbscan,
    Hdbscan,
    Hierarchical,
    KMeans,
    Mixture,
    hierarchical_bytes,
    knee_distance,
)
from lacunar.taste.mixture.parameters import FloatArray

CLUSTERERS = [
    pytest.param(KMeans(3), id="k-means"),
    pytest.param(Hierarchical(3), id="hierarchical"),
    pytest.param(Dbscan(), id="dbscan"),
    pytest.param(Hdbscan(), id="hdbscan"),
    pytest.param(Mixture(3), id="mixture"),
    pytest.param(Mixture(3, covariance_type="diag"), id="diagonal mixture"),
]
every_clusterer = pytest.mark.parametrize("clusterer", CLUSTERERS)
TRUTH = np.repeat([0, 1, 2], 60)


@pytest.fixture
def rows() -> FloatArray:
    centres = np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 12.0]])
    return centres[TRUTH] + np.random.default_rng(0).normal(size=(180, 2))


@every_clusterer
def test_clear_clusters_are_found(clusterer: Clusterer, rows: FloatArray) -> None:
    found = clusterer.fit(rows)
    clustered = found.labels >= 0
    assert found.labels.shape == (180,)
    assert found.labels.dtype == np.intp
    assert found.labels.min() >= -1
    assert found.n_clusters == 3
    assert adjusted_rand_score(TRUTH[clustered], found.labels[clustered]) == 1
    assert found.noise_share == (~clustered).mean()
    assert found.noise_share < 0.3


@every_clusterer
def test_the_same_rows_give_the_same_labels(clusterer: Clusterer, rows: FloatArray) -> None:
    assert np.array_equal(clusterer.fit(rows).labels, clusterer.fit(rows.copy()).labels)


@every_clusterer
def test_rows_are_left_as_they_were(clusterer: Clusterer, rows: FloatArray) -> None:
    before = rows.copy()
    clusterer.fit(rows)
    assert np.array_equal(rows, before)


@every_clusterer
def test_new_users_are_placed_where_the_method_can(clusterer: Clusterer, rows: FloatArray) -> None:
    found = clusterer.fit(rows)
    if not clusterer.places_new:
        with pytest.raises(ValueError, match="no rule for new users"):
            found.place(rows)
        return
    assert np.array_equal(found.place(rows), found.labels)
    near = rows[[0, 60, 120]] + 0.01
    assert np.array_equal(found.place(near), found.labels[[0, 60, 120]])
    with pytest.raises(InputError, match="rows of 2 columns, got 3"):
        found.place(np.zeros((1, 3)))
    with pytest.raises(InputError, match="got gaps"):
        found.place(np.array([[np.nan, 0.0]]))


@every_clusterer
def test_gaps_are_refused(clusterer: Clusterer, rows: FloatArray) -> None:
    rows[4, 1] = np.nan
    with pytest.raises(InputError, match="got gaps"):
        clusterer.fit(rows)


@every_clusterer
def test_too_few_users_are_refused(clusterer: Clusterer, rows: FloatArray) -> None:
    with pytest.raises(InputError, match=r"at least \d users to cluster, got 2"):
        clusterer.fit(rows[:2])


@pytest.mark.parametrize("clusterer", [Dbscan(), Hdbscan()])
def test_far_users_are_noise(clusterer: Clusterer, rows: FloatArray) -> None:
    rows = np.concatenate([rows, [[100.0, 100.0], [-90.0, 70.0]]])
    assert clusterer.fit(rows).labels[-2:].tolist() == [-1, -1]


def test_a_seed_changes_what_depends_on_it() -> None:
    rows = np.random.default_rng(1).normal(size=(200, 4))
    for kind in (KMeans, Mixture):
        one, other = (kind(6, n_seeds=1, seed=seed).fit(rows).labels for seed in (0, 1))
        assert adjusted_rand_score(one, other) < 1


def test_the_knee_lies_between_the_dense_and_the_far(rows: FloatArray) -> None:
    far = np.random.default_rng(2).uniform(-200, 200, size=(20, 2))
    distances = np.linalg.norm(rows[:, np.newaxis] - rows, axis=2)
    fourth = np.sort(distances, axis=1)[:, 3]
    knee = knee_distance(np.concatenate([rows, far]), k=4)
    assert np.median(fourth) < knee < 10


def test_equal_rows_have_a_radius_too() -> None:
    found = Dbscan().fit(np.ones((30, 2)))
    assert found.labels.tolist() == [0] * 30


def test_distances_take_eight_bytes_a_pair_twice() -> None:
    pairs = sum(1 for i in range(50) for j in range(i))
    assert hierarchical_bytes(50) == 2 * 8 * pairs
