"""Temperatures and abstention thresholds, learned out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.reprs import short_repr
from lacunar.traits.confidence.measures import Confidence, measure_confidence
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.confidence.selective import choose_thresholds
from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.data.schema import Schema


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Temperatures and thresholds of A attributes.

    Parameters
    ----------
    temperatures : float64 array of shape (A,)
        The logits are divided by them.
    thresholds : tuple of A float or None
        The model abstains below this confidence; it always abstains if None.
    """

    temperatures: NDArray[np.float64]
    thresholds: tuple[float | None, ...]

    def __repr__(self) -> str:
        temperatures = " ".join(f"{temperature:.2f}" for temperature in self.temperatures)
        thresholds = " ".join("none" if one is None else f"{one:.2f}" for one in self.thresholds)
        return short_repr(
            "Calibrator", [f"thresholds {thresholds}", f"temperatures {temperatures}"]
        )

    @classmethod
    def learn(
        cls,
        out_of_fold: OutOfFold,
        labels: NDArray[np.int64],
        *,
        wanted_accuracy: float | None = None,
    ) -> Calibrator:
        """Learn temperatures and thresholds from out-of-fold logits.

        Parameters
        ----------
        out_of_fold : OutOfFold
            N images.
        labels : int64 array of shape (N, A)
            -1 where unknown.
        wanted_accuracy : float, optional
            See :func:`lacunar.traits.confidence.selective.choose_threshold`.
        """
        return cls(
            out_of_fold.temperatures(labels),
            choose_thresholds(
                out_of_fold.calibrated(labels), labels[out_of_fold.rows], wanted_accuracy
            ),
        )

    def measure(
        self,
        schema: Schema,
        labels: NDArray[np.int64],
        logits: Sequence[NDArray[np.floating]],
        probabilities: Sequence[NDArray[np.float64]],
        *,
        seed: int = 0,
    ) -> tuple[Confidence, ...]:
        """Measure calibration and abstention of n images, before and after temperatures."""
        raw = calibrated(logits, np.ones(len(self.temperatures)))
        return measure_confidence(
            schema, labels, raw, probabilities, self.temperatures, self.thresholds, seed=seed
        )
