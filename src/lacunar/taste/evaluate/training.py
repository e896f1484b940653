"""A training log, and the fits that several methods share."""

from __future__ import annotations

import time

from lacunar.taste.config import TasteConfig
from lacunar.taste.placement import Placement
from lacunar.taste.ratings import Ratings
from lacunar.taste.segmentation import fit_segments


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
        self._placements: dict[TasteConfig, tuple[Placement, float]] = {}

    def placement(self, config: TasteConfig) -> Placement:
        """Segments fitted to the log, ready to place anybody.

        Raises
        ------
        InputError
            If there are fewer users than the smallest number of segments.
        """
        if config in self._placements:
            found, seconds = self._placements[config]
            self.seconds_saved += seconds
            return found
        start = time.perf_counter()
        found = fit_segments(self.ratings, config).placement(self.ratings, config)
        self._placements[config] = found, time.perf_counter() - start
        return found
