"""The scale of ratings: minimum, maximum and step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lacunar.errors import InputError


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The allowed ratings: from a minimum to a maximum in equal steps.

    Parameters
    ----------
    minimum, maximum : float
        Lowest and highest rating.
    step : float
        Difference between neighbouring ratings.

    Raises
    ------
    InputError
        If the scale is empty or infinite.

    Examples
    --------
    >>> scale = RatingScale(1, 10, 1)
    >>> scale.allows(7), scale.allows(7.5), scale.allows(11)
    (True, False, False)
    >>> print(RatingScale())
    0.5 to 5 in steps of 0.5
    """

    minimum: float = 0.5
    maximum: float = 5.0
    step: float = 0.5

    def __post_init__(self) -> None:
        finite = all(map(math.isfinite, (self.minimum, self.maximum, self.step)))
        if not (finite and self.minimum < self.maximum and self.step > 0):
            raise InputError(
                f"expected a minimum below the maximum and a step above 0, got {self}",
                field="scale",
            )

    @classmethod
    def parse(cls, text: str) -> RatingScale:
        """Parse ``MIN:MAX`` or ``MIN:MAX:STEP``; the default step is 0.5.

        Parameters
        ----------
        text : str

        Raises
        ------
        InputError
            If the text has another form, or the scale is empty or infinite.

        Examples
        --------
        >>> RatingScale.parse("1:10:1")
        RatingScale(minimum=1.0, maximum=10.0, step=1.0)
        """
        try:
            parts = [float(part) for part in text.split(":")]
            scale = cls(*parts) if len(parts) in {2, 3} else None
        except ValueError:
            scale = None
        if scale is None:
            raise InputError(
                f"expected a rating scale MIN:MAX or MIN:MAX:STEP, got {text!r}", field="scale"
            )
        return scale

    def allows(self, rating: float) -> bool:
        """Whether a rating is on the scale."""
        if not self.minimum <= rating <= self.maximum:
            return False
        steps = (rating - self.minimum) / self.step
        return abs(steps - round(steps)) <= 1e-9 * max(1.0, steps)

    def __str__(self) -> str:
        return f"{self.minimum:g} to {self.maximum:g} in steps of {self.step:g}"


#: The scale of data without ratings: every row is a like.
LIKES = RatingScale(0, 1, 1)
