"""The scale on which ratings are given."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lacunar.errors import InputError


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The ratings that are allowed: ``minimum`` to ``maximum`` in steps of ``step``.

    Examples
    --------
    >>> RatingScale.parse("1:10:1")
    RatingScale(minimum=1.0, maximum=10.0, step=1.0)
    """

    minimum: float = 0.5
    maximum: float = 5.0
    step: float = 0.5

    @classmethod
    def parse(cls, text: str) -> RatingScale:
        """Read ``MIN:MAX`` or ``MIN:MAX:STEP``; the step is 0.5 where it is not named."""
        try:
            parts = [float(part) for part in text.split(":")]
            scale = cls(*parts) if len(parts) in {2, 3} else None
        except ValueError:
            scale = None
        finite = scale is not None and all(map(math.isfinite, parts))
        if scale is None or not (finite and scale.minimum < scale.maximum and scale.step > 0):
            raise InputError(f"expected a rating scale MIN:MAX or MIN:MAX:STEP, got {text!r}")
        return scale

    def allows(self, rating: float) -> bool:
        """Whether a rating is one of the scale's."""
        steps = (rating - self.minimum) / self.step
        return self.minimum <= rating <= self.maximum and abs(steps - round(steps)) <= 1e-9

    def __str__(self) -> str:
        return f"{self.minimum:g} to {self.maximum:g} in steps of {self.step:g}"
