"""Images of low quality: dark, blown out, blurred, flat, tiny or of an unusual aspect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.audit.image_measures import ImageMeasures

# Outliers are further from the median (Iglewicz and Hoaglin 1993).
_DEVIATIONS = 3.5
# Ratio of standard deviation to median absolute deviation, in a normal distribution.
_MAD_TO_DEVIATION = 1.4826
# In an overexposed image, the darkest tenth of the range is empty.
_LIFTED_SHADOWS = 25.0
# Tolerance, so that images equal to the limit are not flagged.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that flags images for one reason.

    An image is flagged if it is an outlier in its data set and also exceeds an absolute limit. The
    first condition spares what is usual in these data, the second what is only unusual.

    Parameters
    ----------
    reason : str
    quantity : str
        Description of the measure.
    side : {-1, 1}
        Whether low or high values are bad.
    limit : float
        In units of the quantity.
    measure : callable
        The quantity of N images, shape (N,).
    relative : bool
        Whether the limit is a multiple of the median.
    logarithmic : bool
        Whether to measure deviations of the logarithm: double and half are equally far.
    """

    reason: str
    quantity: str
    side: int
    limit: float
    measure: Callable[[ImageMeasures], NDArray[np.float64]]
    relative: bool = False
    logarithmic: bool = True


def _burnt(measures: ImageMeasures) -> NDArray[np.float64]:
    return np.where(measures.shadows > _LIFTED_SHADOWS, measures.burnt, 0.0)


def _longer_side(measures: ImageMeasures) -> NDArray[np.float64]:
    return np.maximum(measures.height, measures.width).astype(np.float64)


def _off_usual_aspect(measures: ImageMeasures) -> NDArray[np.float64]:
    aspect = np.log(measures.width / measures.height)
    off: NDArray[np.float64] = np.exp(np.abs(aspect - np.median(aspect)))
    return off


RULES = (
    Rule("dark", "95th percentile of luminance", -1, 64.0, lambda m: np.maximum(m.highlights, 1)),
    Rule(
        "blown_out",
        "share of white pixels where nothing is dark",
        1,
        0.3,
        _burnt,
        logarithmic=False,
    ),
    Rule("blurred", "edges, as a share of contrast", -1, 0.25, lambda m: m.sharpness),
    Rule("low_contrast", "contrast of luminance", -1, 16.0, lambda m: np.maximum(m.contrast, 0.1)),
    Rule("tiny", "longer side in pixels", -1, 0.4, _longer_side, relative=True),
    Rule("off_aspect", "times wider or narrower than usual", 1, 2.2, _off_usual_aspect),
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The limits of a rule in one data set.

    Parameters
    ----------
    reason, quantity : str
        See :class:`Rule`.
    side : {-1, 1}
        Whether images below or above ``line`` are flagged.
    usual : float
        Median of the images.
    outlier : float
        3.5 robust standard deviations from the median, on this side.
    limit : float
        Absolute limit of the rule.
    """

    reason: str
    quantity: str
    side: int
    usual: float
    outlier: float
    limit: float

    @property
    def line(self) -> float:
        """The stricter of ``outlier`` and ``limit``."""
        return min(self.outlier, self.limit) if self.side < 0 else max(self.outlier, self.limit)


@dataclass(frozen=True, slots=True)
class LowQuality:
    """An image of low quality, with the reasons.

    Parameters
    ----------
    image : int
        Index of the image.
    reasons : tuple of str
        At least one.
    values : tuple of float
        The measure of each reason.
    """

    image: int
    reasons: tuple[str, ...]
    values: tuple[float, ...]


def find_low_quality(
    measures: ImageMeasures,
) -> tuple[tuple[LowQuality, ...], tuple[Threshold, ...]]:
    """Find images of low quality, and the limits in these data.

    Parameters
    ----------
    measures : ImageMeasures
        N images, at least one.

    Returns
    -------
    flagged : tuple of LowQuality
        In the order of the images.
    thresholds : tuple of Threshold
        In the order of :data:`RULES`.
    """
    values = {rule.reason: rule.measure(measures) for rule in RULES}
    thresholds = tuple(threshold_of(rule, values[rule.reason]) for rule in RULES)
    # A measure can be NaN, such as the sharpness of a flat image. Comparisons with it are false.
    past = {
        line.reason: line.side * (values[line.reason] - line.line) > _ROUNDING * abs(line.line)
        for line in thresholds
    }
    flagged = np.flatnonzero(np.any(list(past.values()), axis=0))
    return tuple(
        LowQuality(
            image=image,
            reasons=tuple(reason for reason in past if past[reason][image]),
            values=tuple(float(values[reason][image]) for reason in past if past[reason][image]),
        )
        for image in flagged.tolist()
    ), thresholds


def threshold_of(rule: Rule, values: NDArray[np.float64]) -> Threshold:
    """Compute the limits of a rule for some images.

    The deviation is 1.4826 times the median distance from the median, on the rule's side only,
    because most measures are skewed.

    Parameters
    ----------
    rule : Rule
    values : float64 array of shape (N,)
        NaN where the measure is undefined.

    Examples
    --------
    >>> rule = Rule("tiny", "longer side", -1, 0.4, lambda measures: measures.contrast, True)
    >>> round(threshold_of(rule, np.array([90.0, 100.0, 100.0, 110.0, 8.0])).line, 3)
    40.0
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return Threshold(rule.reason, rule.quantity, rule.side, np.nan, np.nan, rule.limit)
    scaled = np.log(known) if rule.logarithmic else known
    middle = np.median(scaled)
    distances = rule.side * (scaled - middle)
    deviation = _MAD_TO_DEVIATION * np.median(distances[distances >= 0])
    outlier = middle + rule.side * _DEVIATIONS * deviation
    usual, end = (np.exp(v) if rule.logarithmic else v for v in (middle, outlier))
    return Threshold(
        reason=rule.reason,
        quantity=rule.quantity,
        side=rule.side,
        usual=float(usual),
        outlier=float(end),
        limit=float(rule.limit * usual if rule.relative else rule.limit),
    )
