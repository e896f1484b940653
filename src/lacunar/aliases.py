"""Who hears of progress where nobody asked to."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray


def say_nothing(*told: object) -> None:
    """Take no note, whatever is told.

    Examples
    --------
    >>> say_nothing("map", 1, 2)
    """
    del told


AnyPath = str | os.PathLike[str]


FloatArray = NDArray[np.float64]
