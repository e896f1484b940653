"""Step 4, confidence: calibrated probabilities, and abstention.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.traits.confidence.calibrator import Calibrator
    from lacunar.traits.confidence.measures import Calibration, Confidence, measure_confidence
    from lacunar.traits.confidence.out_of_fold import OutOfFold
    from lacunar.traits.confidence.selective import abstains, choose_threshold, choose_thresholds
    from lacunar.traits.confidence.temperature import (
        calibrated,
        fit_temperature,
        fit_temperatures,
    )

__all__ = [
    "Calibration",
    "Calibrator",
    "Confidence",
    "OutOfFold",
    "abstains",
    "calibrated",
    "choose_threshold",
    "choose_thresholds",
    "fit_temperature",
    "fit_temperatures",
    "measure_confidence",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "calibrated": "lacunar.traits.confidence.temperature",
        "fit_temperature": "lacunar.traits.confidence.temperature",
        "fit_temperatures": "lacunar.traits.confidence.temperature",
        "abstains": "lacunar.traits.confidence.selective",
        "choose_threshold": "lacunar.traits.confidence.selective",
        "choose_thresholds": "lacunar.traits.confidence.selective",
        "measure_confidence": "lacunar.traits.confidence.measures",
        "Calibration": "lacunar.traits.confidence.measures",
        "Confidence": "lacunar.traits.confidence.measures",
        "Calibrator": "lacunar.traits.confidence.calibrator",
        "OutOfFold": "lacunar.traits.confidence.out_of_fold",
    },
)
