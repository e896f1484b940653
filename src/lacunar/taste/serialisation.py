"""Serialisation of stage results for the checkpoints of a fit."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.checkpoint import Saved
from lacunar.taste.evaluate.tuning import Trial, Tuning
from lacunar.taste.recommend.personal import PersonalOptions
from lacunar.taste.segments.user_map import UserMap


def pack_values(values: NDArray[np.float64]) -> Saved:
    """Pack one array."""
    return Saved({"values": values}, {})


def unpack_values(saved: Saved) -> NDArray[np.float64]:
    """Restore the array of :func:`pack_values`."""
    return saved.arrays["values"]


def pack_map(user_map: UserMap) -> Saved:
    """Pack the map of users."""
    return Saved({"users": user_map.users, "coordinates": user_map.coordinates}, {})


def unpack_map(saved: Saved) -> UserMap:
    """Restore the map of :func:`pack_map`."""
    return UserMap(saved.arrays["users"], saved.arrays["coordinates"])


def pack_tuning(tuning: Tuning) -> Saved:
    """Pack the settings that were chosen and those that were tried."""
    return Saved({}, asdict(tuning))


def unpack_tuning(saved: Saved) -> Tuning:
    """Restore the tuning of :func:`pack_tuning`."""
    trials = (
        Trial(PersonalOptions(**trial["options"]), trial["ndcg"]) for trial in saved.facts["trials"]
    )
    return Tuning(PersonalOptions(**saved.facts["options"]), tuple(trials))
