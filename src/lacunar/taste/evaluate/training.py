"""A training log, and the fits that several methods share."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from lacunar.taste.config import TasteConfig
from lacunar.taste.placement import Placement
from lacunar.taste.ratings import Ratings
from lacunar.taste.segmentation import fit_segments

Fitted = TypeVar("Fitted")


class Training:
    """What methods learn from. Segments are fitted once per config, whoever asks.

    Parameters
    ----------
    ratings : Ratings
    """

    def __init__(self, ratings: Ratings) -> None:
        self.ratings = ratings
        self.seconds_saved = 0.0
        """What fits would have taken that were there already."""
        self._fits: dict[Hashable, tuple[Any, float]] = {}

    def placement(self, config: TasteConfig) -> Placement:
        """Segments fitted to the log, ready to place anybody.

        Raises
        ------
        InputError
            If there are fewer users than the smallest number of segments.
        """
        return self.once(
            config, lambda: fit_segments(self.ratings, config).placement(self.ratings, config)
        )

    def once(self, key: Hashable, fit: Callable[[], Fitted]) -> Fitted:
        """Fit what several methods share, or return it where that was done already."""
        if key in self._fits:
            found, seconds = self._fits[key]
            self.seconds_saved += seconds
            return cast("Fitted", found)
        start, saved = time.perf_counter(), self.seconds_saved
        found = fit()
        seconds = time.perf_counter() - start + self.seconds_saved - saved
        self._fits[key] = found, seconds
        return found
