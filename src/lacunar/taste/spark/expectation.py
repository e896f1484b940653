"""The E step on a cluster: parameters are sent to the partitions, which return sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, posterior
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.statistics import SufficientStatistics, column_moments
from lacunar.parallel import one_blas_thread
from lacunar.taste.spark.engine import Broadcast, map_partitions
from lacunar.taste.spark.features import PartitionRows, SparkRows, partitions_of
from lacunar.taste.spark.partitions import array_of, record

Summed = TypeVar("Summed")
_Cells = dict[str, Any]
_Work = Callable[[PartitionRows, Any], _Cells]


class SparkExpectation:
    """E step over rows on a cluster: a :class:`~lacunar.mixture.chunked.Expectation`.

    Every E step is one job: the parameters are broadcast, each partition returns its sums, and the
    driver adds them pairwise in the order of partitions. Partitions depend only on the number of
    users, so the result is bit-equal on every cluster, even if a worker dies and its tasks are
    repeated.

    Parameters
    ----------
    rows : SparkRows
    covariance_type : {"full", "diag"}
    """

    def __init__(self, rows: SparkRows, covariance_type: CovarianceType) -> None:
        self._rows = rows
        self._covariance_type: CovarianceType = covariance_type
        d = len(rows.columns)
        rows_of_sums = self._over_partitions(_moments, ("counts", "means", "squares"), None)
        moments = pairwise_sum(
            [
                Moments(*(array_of(row[name], d) for name in row if name != "first"))
                for row in rows_of_sums
            ]
        )
        unknown = moments.counts == 0
        # The values that `column_moments` gives a column without a known cell.
        self.origin = np.where(unknown, 0.0, moments.means)
        self.variances = np.where(unknown, 1.0, moments.squares / np.maximum(moments.counts, 1))

    @property
    def n_rows(self) -> int:
        return self._rows.n_users

    def statistics(self, parameters: MixtureParameters) -> tuple[FloatArray, SufficientStatistics]:
        """Mean log-likelihood of each mixture (B,), and sums over all rows."""
        b, k, d = parameters.means.shape
        partial_sums = self._over_partitions(
            _sums,
            ("bound", "mass", "sums", "second"),
            (parameters, self._covariance_type, self.origin),
        )
        sums = pairwise_sum(
            [
                SufficientStatistics(
                    array_of(row["mass"], b, k),
                    array_of(row["sums"], b, k, d),
                    array_of(row["second"], b, k, -1),
                    self._covariance_type,
                )
                for row in partial_sums
            ]
        )
        bound = pairwise_sum([array_of(row["bound"], b) for row in partial_sums])
        return bound / self.n_rows, sums

    def labels(self, parameters: MixtureParameters) -> NDArray[np.intp]:
        """Most probable component of each row, shape (B, N); means in the units of the data."""
        rows = self._over_partitions(_labels, ("labels",), (parameters, self._covariance_type))
        shape = (parameters.n_restarts, -1)
        return np.concatenate(
            [array_of(row["labels"], *shape, dtype=np.intp) for row in rows], axis=1
        )

    def responsibilities(self, parameters: MixtureParameters) -> FloatArray:
        """Probability of each component for each row under one mixture, shape (N, K)."""
        task = (parameters, self._covariance_type)
        rows = self._over_partitions(_responsibilities, ("responsibilities",), task)
        return np.concatenate(
            [array_of(row["responsibilities"], -1, parameters.n_components) for row in rows]
        )

    def _over_partitions(
        self, work: _Work, names: Sequence[str], task: object
    ) -> list[Mapping[str, pa.Scalar]]:
        """Apply a function to each partition's rows; its results, in the order of partitions."""
        sent = self._rows.session.sparkContext.broadcast(task)
        schema = ", ".join(["first int", *(f"{name} binary" for name in names)])
        try:
            n_columns = len(self._rows.columns)
            on_batches = partial(_on_batches, work=work, sent=sent, n_columns=n_columns)
            results = map_partitions(self._rows.frame, on_batches, schema).toArrow()
        finally:
            sent.destroy()
        # Batch by batch, since one Arrow array holds at most 2 GB of such cells.
        rows = [
            dict(zip(batch.schema.names, cells, strict=True))
            for batch in results.to_batches()
            for cells in zip(*batch.columns, strict=True)
        ]
        return sorted(rows, key=lambda row: int(row["first"].as_py()))


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and sum of squared deviations of each column's known cells, each (D,).

    Addition merges two groups of rows: Chan, Golub and LeVeque (1983), "Algorithms for computing
    the sample variance".

    Examples
    --------
    >>> one, other = (Moments(*np.array([[1.0], [x], [0.0]])) for x in (1, 3))
    >>> (one + other).means.tolist(), (one + other).squares.tolist()
    ([2.0], [2.0])
    """

    counts: FloatArray
    means: FloatArray
    squares: FloatArray

    def __add__(self, other: Moments) -> Moments:
        counts = self.counts + other.counts
        share = other.counts / np.maximum(counts, 1)
        difference = other.means - self.means
        return Moments(
            counts,
            self.means + difference * share,
            self.squares + other.squares + difference**2 * self.counts * share,
        )


def pairwise_sum(parts: Sequence[Summed]) -> Summed:
    """Add neighbours until one sum is left: rounding errors grow only with the tree's depth.

    Examples
    --------
    >>> pairwise_sum([1, 2, 3, 4, 5])
    15
    """
    level: list[Any] = list(parts)
    while len(level) > 1:
        pairs = [a + b for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    total: Summed = level[0]
    return total


def _on_batches(
    batches: Iterator[pa.RecordBatch], work: _Work, sent: Broadcast, n_columns: int
) -> Iterator[pa.RecordBatch]:
    for part in partitions_of(batches, n_columns):
        with one_blas_thread():
            cells = work(part, sent.value)
        types = {"first": pa.int32()} | dict.fromkeys(cells, pa.binary())
        yield record({"first": part.first} | cells, types)


def _moments(part: PartitionRows, task: object) -> _Cells:
    del task
    values = part.data.values
    means, variances = column_moments(values)
    counts = (~np.isnan(values)).sum(axis=0).astype(np.float64)
    return {"counts": counts, "means": means, "squares": counts * variances}


def _sums(
    part: PartitionRows, task: tuple[MixtureParameters, CovarianceType, FloatArray]
) -> _Cells:
    parameters, covariance_type, origin = task
    densities = parameters.n_restarts * parameters.n_components
    rows = part.data.observations(covariance_type, densities, origin=origin)
    bound, sums = e_step(rows, parameters)
    sums = sums.about_origin()
    return {
        "bound": bound * rows.n_rows,
        "mass": sums.mass,
        "sums": sums.first,
        "second": sums.second,
    }


def _labels(part: PartitionRows, task: tuple[MixtureParameters, CovarianceType]) -> _Cells:
    return {"labels": _posterior(part, *task).argmax(axis=1)}


def _responsibilities(
    part: PartitionRows, task: tuple[MixtureParameters, CovarianceType]
) -> _Cells:
    return {"responsibilities": np.ascontiguousarray(_posterior(part, *task)[0].T)}


def _posterior(
    part: PartitionRows, parameters: MixtureParameters, covariance_type: CovarianceType
) -> FloatArray:
    """Responsibilities of a partition's rows, shape (B, K, n)."""
    densities = parameters.n_restarts * parameters.n_components
    return posterior(part.data.observations(covariance_type, densities), parameters)[0]
