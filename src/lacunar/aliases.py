"""Types and small functions that all packages share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AnyPath = str | os.PathLike[str]
FloatArray: TypeAlias = "NDArray[np.float64]"

#: Called with steps done and steps in all.
StepProgress = Callable[[int, int], None]
#: Called with the name of a stage, its steps done and its steps in all.
StageProgress = Callable[[str, int, int], None]


def no_progress(*step: object) -> None:
    """A progress callback that does nothing.

    Examples
    --------
    >>> no_progress("map", 1, 2)
    """
    del step


def none_if_nan(value: float) -> float | None:
    """A number as JSON holds it: null where it is not one.

    Examples
    --------
    >>> none_if_nan(0.5), none_if_nan(float("nan"))
    (0.5, None)
    """
    return None if math.isnan(value) else value


def shortened(text: str, length: int) -> str:
    """Text of at most ``length`` characters; an ellipsis ends text that was cut.

    Examples
    --------
    >>> shortened("(no genres listed)", 10)
    '(no genre…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
