"""What is kept on disk of each stage of a fit, and the way back."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.checkpoint import Saved
from lacunar.taste.evaluate.tuning import Trial, Tuning
from lacunar.taste.recommend.personal import PersonalOptions
from lacunar.taste.segments.user_map import UserMap


def pack_values(values: NDArray[np.float64]) -> Saved:
    """One array."""
    return Saved({"values": values}, {})


def unpack_values(saved: Saved) -> NDArray[np.float64]:
    """The array that :func:`pack_values` took apart."""
    return saved.arrays["values"]


def pack_map(user_map: UserMap) -> Saved:
    """Where users are on the map."""
    return Saved({"users": user_map.users, "coordinates": user_map.coordinates}, {})


def unpack_map(saved: Saved) -> UserMap:
    """The map that :func:`pack_map` took apart."""
    return UserMap(saved.arrays["users"], saved.arrays["coordinates"])


def pack_tuning(tuning: Tuning) -> Saved:
    """Settings that were chosen and tried."""
    return Saved({}, asdict(tuning))


def unpack_tuning(saved: Saved) -> Tuning:
    """The tuning that :func:`pack_tuning` took apart."""
    trials = (
        Trial(PersonalOptions(**trial["options"]), trial["ndcg"]) for trial in saved.facts["trials"]
    )
    return Tuning(PersonalOptions(**saved.facts["options"]), tuple(trials))
