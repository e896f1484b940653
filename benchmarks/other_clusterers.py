"""Other clusterers of users, and the mixture, behind one interface.

A clusterer is a data class of settings; ``fit`` returns a `Clustering`. Methods without a rule for
new rows (hierarchical and density-based ones) cannot place a new user, and raise an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn import cluster
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.model_selection import search
from lacunar.mixture.parameters import CovarianceType
from lacunar.mixture.rows.complete import CompleteRows

Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Clustering:
    """Clusters of U users.

    Parameters
    ----------
    labels : ndarray of shape (U,)
        Cluster of each user, from 0; -1 is noise. The order of clusters has no meaning.
    n_features : int
    predict : callable or None
        Function from rows of new users to their clusters, if the method has such a rule.
    """

    labels: Labels
    n_features: int
    predict: Callable[[FloatArray], Labels] | None = None

    @property
    def n_clusters(self) -> int:
        """Number of clusters with a member, without noise."""
        return len(np.unique(self.labels[self.labels >= 0]))

    @property
    def noise_share(self) -> float:
        """Share of users without a cluster."""
        return float((self.labels < 0).mean())

    def place(self, x_new: FloatArray) -> Labels:
        """Clusters of users who were not in the fit, shape (V,), without a refit.

        Parameters
        ----------
        x_new : ndarray of shape (V, D)

        Raises
        ------
        ValueError
            If the method has no rule for new users (its ``places_new`` is false).
        InputError
            If the rows have gaps, or another number of columns than those of the fit.
        """
        if self.predict is None:
            raise ValueError("this method has no rule for new users: fit it again with them")
        _check_complete(x_new)
        if x_new.shape[1] != self.n_features:
            raise InputError(f"expected rows of {self.n_features} columns, got {x_new.shape[1]}")
        return self.predict(x_new)


class Clusterer(Protocol):
    """Protocol of clusterers: the same rows and settings give the same labels."""

    @property
    def places_new(self) -> bool:
        """Whether a fitted clustering can place users who were not in the fit."""

    def fit(self, x: FloatArray) -> Clustering:
        """Cluster complete rows of shape (U, D)."""


@dataclass(frozen=True, slots=True)
class KMeans:
    """Clusters around means (Lloyd 1982, started by k-means++); the best of ``n_seeds`` runs.

    Examples
    --------
    >>> found = KMeans(2).fit(np.array([[0.0], [0.1], [5.0], [5.1]]))
    >>> found.labels.tolist() == found.place(np.array([[-1.0], [1.0], [4.0], [9.0]])).tolist()
    True
    """

    n_clusters: int
    n_seeds: int = 10
    seed: int = 0
    places_new: ClassVar[bool] = True

    def fit(self, x: FloatArray) -> Clustering:
        _check_rows(x, self.n_clusters)
        model = cluster.KMeans(self.n_clusters, n_init=self.n_seeds, random_state=self.seed)
        # Threads add the rows in varying order, which changes rounding.
        with threadpool_limits(limits=1):
            labels = model.fit_predict(x)
        return Clustering(
            labels.astype(np.intp), x.shape[1], lambda new: model.predict(new).astype(np.intp)
        )


@dataclass(frozen=True, slots=True)
class Hierarchical:
    """Agglomerative clusters with Ward's (1963) linkage: merges the pair that adds least variance.

    Time and memory grow with the square of the users: see `hierarchical_bytes`.
    """

    n_clusters: int
    places_new: ClassVar[bool] = False

    def fit(self, x: FloatArray) -> Clustering:
        _check_rows(x, self.n_clusters)
        model = cluster.AgglomerativeClustering(self.n_clusters, linkage="ward")
        with threadpool_limits(limits=1):
            return Clustering(model.fit_predict(x).astype(np.intp), x.shape[1])


def hierarchical_bytes(n_users: int) -> int:
    """Memory of the pairwise distances of `Hierarchical`, and of the copy that it shrinks.

    Examples
    --------
    >>> hierarchical_bytes(10_000) / 1e9
    0.79992
    """
    return 2 * 8 * n_users * (n_users - 1) // 2


@dataclass(frozen=True, slots=True)
class Dbscan:
    """Dense regions as clusters, other users as noise (Ester et al. 1996).

    Parameters
    ----------
    min_samples : int or None
        Number of users within ``eps`` of a core user, including itself; default: twice the number
        of columns (Sander et al. 1998).
    eps : float or None
        Radius; default: `knee_distance`.
    """

    min_samples: int | None = None
    eps: float | None = None
    places_new: ClassVar[bool] = False

    def fit(self, x: FloatArray) -> Clustering:
        min_samples = self.min_samples or 2 * x.shape[1]
        _check_rows(x, min_samples)
        with threadpool_limits(limits=1):
            eps = knee_distance(x, min_samples) if self.eps is None else self.eps
            model = cluster.DBSCAN(eps=eps, min_samples=min_samples)
            return Clustering(model.fit_predict(x).astype(np.intp), x.shape[1])


def knee_distance(x: FloatArray, k: int) -> float:
    """Radius where the sorted distances to the k-th neighbour bend upwards.

    Ester et al. (1996) read it off the plot of these distances; here the bend is the point furthest
    under the line from the first to the last (Satopää et al. 2011, "Finding a Kneedle in a
    Haystack").

    Parameters
    ----------
    x : ndarray of shape (U, D)
    k : int
        At most U; a row is its own first neighbour.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [50.0]])
    >>> knee_distance(x, k=2)
    1.0
    """
    distances, _ = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(x)
    kth = np.sort(distances[:, -1])
    line = np.linspace(kth[0], kth[-1], len(kth))
    return max(float(kth[(line - kth).argmax()]), float(np.finfo(np.float64).tiny))


@dataclass(frozen=True, slots=True)
class Hdbscan:
    """The most persistent clusters over all densities, other users as noise (Campello et al. 2013).

    Parameters
    ----------
    min_cluster_size : int
        Minimum size of a cluster, and number of neighbours for the density.
    """

    min_cluster_size: int = 5
    places_new: ClassVar[bool] = False

    def fit(self, x: FloatArray) -> Clustering:
        _check_rows(x, self.min_cluster_size)
        model = cluster.HDBSCAN(min_cluster_size=self.min_cluster_size, copy=True)
        with threadpool_limits(limits=1):
            labels = model.fit_predict(x).astype(np.intp)
        return Clustering(labels, x.shape[1])


@dataclass(frozen=True, slots=True)
class Mixture:
    """The Gaussian mixture of this package; users belong to their most probable component.

    As in a taste fit, the partition that most of ``n_seeds`` restarts find is used: see
    `lacunar.mixture.model_selection.search`.
    """

    n_clusters: int
    covariance_type: CovarianceType = "full"
    n_seeds: int = 10
    seed: int = 0
    places_new: ClassVar[bool] = True

    def fit(self, x: FloatArray) -> Clustering:
        _check_rows(x, self.n_clusters)
        mixture = search(
            MixtureData(x),
            n_components=[self.n_clusters],
            seeds=range(self.seed, self.seed + self.n_seeds),
            options=EmOptions(covariance_type=self.covariance_type),
        ).chosen

        def predict(rows: FloatArray) -> Labels:
            belongs, _ = posterior(CompleteRows(rows, self.covariance_type), mixture)
            return np.asarray(belongs[0].argmax(axis=0))

        return Clustering(predict(x), x.shape[1], predict)


def _check_rows(x: FloatArray, at_least: int) -> None:
    _check_complete(x)
    if len(x) < at_least:
        raise InputError(f"expected at least {at_least} users to cluster, got {len(x)}")


def _check_complete(x: FloatArray) -> None:
    if not np.isfinite(x).all():
        raise InputError("expected complete rows to cluster, got gaps: choose what fills them")
