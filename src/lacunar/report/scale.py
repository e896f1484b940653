"""Linear axis scales with round tick values."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinearScale:
    """A linear map from ``low`` to ``high`` onto ``start`` to ``stop``.

    Parameters
    ----------
    low, high : float
        In units of the data; if they are equal, every value maps to the middle.
    start, stop : float
        In units of the figure; ``stop`` is smaller than ``start`` on a vertical axis.

    Examples
    --------
    >>> LinearScale(0, 5, 100, 200)(2.5)
    150.0
    """

    low: float
    high: float
    start: float
    stop: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"expected finite low <= high, got {self.low} and {self.high}")

    def __call__(self, value: float) -> float:
        if self.low == self.high:
            return (self.start + self.stop) / 2
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    def ticks(self, count: int = 5) -> list[float]:
        """Round numbers within the scale; see :func:`nice_ticks`."""
        return nice_ticks(self.low, self.high, count)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about ``count`` multiples of 1, 2 or 5 times a power of ten from low to high.

    Examples
    --------
    >>> nice_ticks(0.5, 5)
    [1.0, 2.0, 3.0, 4.0, 5.0]
    >>> nice_ticks(3980, 16440, 3)
    [5000.0, 10000.0, 15000.0]
    """
    if low == high:
        return [low]
    step = _nice_step((high - low) / count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounding to the step's own digits keeps 0.1 * 3 from becoming 0.30000000000000004.
    digits = max(0, -math.floor(math.log10(step)))
    return [round(i * step, digits) for i in range(first, last + 1)]


def widened(low: float, high: float, count: int = 5) -> tuple[float, float]:
    """Return bounds extended to round numbers, so that an axis begins and ends at a tick.

    Examples
    --------
    >>> widened(2.39, 4.1)
    (2.0, 4.5)
    """
    if low == high:
        return low - 0.5, high + 0.5
    step = _nice_step((high - low) / count)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def tick_label(value: float) -> str:
    """Format a number as the label of a tick.

    Examples
    --------
    >>> tick_label(15000.0), tick_label(2500000.0), tick_label(0.5)
    ('15,000', '2.5M', '0.5')
    """
    if abs(value) >= 1_000_000:
        text = f"{value / 1_000_000:g}M"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    return text.replace("-", "\N{MINUS SIGN}")


def thinned(n: int, kept: int, most: int = 14) -> set[int]:
    """Positions of every n-th label, so that labels fit; the position ``kept`` is among them.

    Examples
    --------
    >>> sorted(thinned(8, kept=3, most=4))
    [1, 3, 5, 7]
    """
    every = -(-n // most)
    return set(range(kept % every, n, every))


def _nice_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    # The bounds are the geometric means between 1, 2, 5 and 10.
    for factor, bound in ((1, math.sqrt(2)), (2, math.sqrt(10)), (5, math.sqrt(50))):
        if rough / power <= bound:
            return factor * power
    return 10 * power
