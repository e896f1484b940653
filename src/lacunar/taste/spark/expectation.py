"""The E step where the users are: parameters go out, sums come back."""

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
    """Rows on a cluster, as :class:`~lacunar.mixture.chunked.Expectation` sees them.

    Every E step is one job: the parameters are broadcast, each partition returns its sums, and the
    driver adds them pairwise in the order of partitions. Partitions follow from the number of
    users alone, so neither the cluster nor a worker that dies on the way changes a bit.

    Parameters
    ----------
    rows : SparkRows
    covariance_type : {"full", "diag"}
    """

    def __init__(self, rows: SparkRows, covariance_type: CovarianceType) -> None:
        self._rows = rows
        self._covariance_type: CovarianceType = covariance_type
        d = len(rows.columns)
        found = self._over_parts(_moments, ("counts", "means", "squares"), None)
        moments = pairwise_sum(
            [Moments(*(array_of(row[name], d) for name in row if name != "first")) for row in found]
        )
        nobody = moments.counts == 0
        # As `column_moments` has it for a column that nobody knows.
        self.origin = np.where(nobody, 0.0, moments.means)
        self.variances = np.where(nobody, 1.0, moments.squares / np.maximum(moments.counts, 1))

    @property
    def n_rows(self) -> int:
        return self._rows.n_users

    def statistics(self, parameters: MixtureParameters) -> tuple[FloatArray, SufficientStatistics]:
        """Mean log-likelihood of each mixture (B,), and sums over all rows."""
        b, k, d = parameters.means.shape
        found = self._over_parts(
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
                for row in found
            ]
        )
        return pairwise_sum([array_of(row["bound"], b) for row in found]) / self.n_rows, sums

    def labels(self, parameters: MixtureParameters) -> NDArray[np.intp]:
        """Most probable component of each row, shape (B, N); means in the units of the data."""
        found = self._over_parts(_labels, ("labels",), (parameters, self._covariance_type))
        shape = (parameters.n_restarts, -1)
        return np.concatenate(
            [array_of(row["labels"], *shape, dtype=np.intp) for row in found], axis=1
        )

    def responsibilities(self, parameters: MixtureParameters) -> FloatArray:
        """Probability of each component for each row under one mixture, shape (N, K)."""
        task = (parameters, self._covariance_type)
        found = self._over_parts(_responsibilities, ("belongs",), task)
        return np.concatenate(
            [array_of(row["belongs"], -1, parameters.n_components) for row in found]
        )

    def _over_parts(
        self, work: _Work, names: Sequence[str], task: object
    ) -> list[Mapping[str, pa.Scalar]]:
        """Do work on each partition's rows; what it returned, in their order."""
        sent = self._rows.session.sparkContext.broadcast(task)
        schema = ", ".join(["first int", *(f"{name} binary" for name in names)])
        try:
            work_of_part = partial(_each, work=work, sent=sent, n_columns=len(self._rows.columns))
            found = map_partitions(self._rows.frame, work_of_part, schema).toArrow()
        finally:
            sent.destroy()
        # Batch by batch: in one array there is room for 2 GB of such cells.
        rows = [
            dict(zip(batch.schema.names, cells, strict=True))
            for batch in found.to_batches()
            for cells in zip(*batch.columns, strict=True)
        ]
        return sorted(rows, key=lambda row: int(row["first"].as_py()))


@dataclass(frozen=True, slots=True)
class Moments:
    """How many cells of each column are known, their mean, and their squares about it, each (D,).

    Sums of two parts: Chan, Golub and LeVeque (1983), "Algorithms for computing the sample
    variance".

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
        apart = other.means - self.means
        return Moments(
            counts,
            self.means + apart * share,
            self.squares + other.squares + apart**2 * self.counts * share,
        )


def pairwise_sum(parts: Sequence[Summed]) -> Summed:
    """Add neighbours until one is left: rounding grows with the depth of the tree alone.

    Examples
    --------
    >>> pairwise_sum([1, 2, 3, 4, 5])
    15
    """
    level: list[Any] = list(parts)
    while len(level) > 1:
        pairs = [a + b for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    found: Summed = level[0]
    return found


def _each(
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
    return {
        "bound": bound * rows.n_rows,
        "mass": sums.mass,
        "sums": sums.first,
        "second": sums.second,
    }


def _labels(part: PartitionRows, task: tuple[MixtureParameters, CovarianceType]) -> _Cells:
    return {"labels": _belongs(part, *task).argmax(axis=1)}


def _responsibilities(
    part: PartitionRows, task: tuple[MixtureParameters, CovarianceType]
) -> _Cells:
    return {"belongs": np.ascontiguousarray(_belongs(part, *task)[0].T)}


def _belongs(
    part: PartitionRows, parameters: MixtureParameters, covariance_type: CovarianceType
) -> FloatArray:
    """Responsibilities of a partition's rows, shape (B, K, n)."""
    densities = parameters.n_restarts * parameters.n_components
    return posterior(part.data.observations(covariance_type, densities), parameters)[0]
