"""What is kept on disk of each stage of a fit, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.map import UserMap
from lacunar.taste.mixture.parameters import MixtureParameters
from lacunar.taste.mixture.search import Search
from lacunar.taste.mixture.surface import Surface
from lacunar.taste.periods import PeriodCounts
from lacunar.taste.profiles import GenreProfiles
from lacunar.taste.recommend.personal import PersonalOptions
from lacunar.taste.stages import Saved
from lacunar.taste.tuning import Trial, Tuning

_CELLS = (
    "lower_bound", "log_likelihood", "bic", "icl", "n_iter", "converged", "degenerate",
    "held_out", "agreement",
)  # fmt: skip


def pack_profiles(found: tuple[GenreProfiles, PeriodCounts]) -> Saved:
    """What users rated, by genre and by period."""
    profiles, periods = found
    return Saved(
        {"means": profiles.means, "counts": profiles.counts, "period_counts": periods.counts},
        {
            "genres": profiles.genres,
            "rating_variance": profiles.rating_variance,
            "periods": periods.periods,
        },
    )


def unpack_profiles(saved: Saved) -> tuple[GenreProfiles, PeriodCounts]:
    """Profiles and periods that :func:`pack_profiles` took apart."""
    arrays, facts = saved.arrays, saved.facts
    return (
        GenreProfiles(
            tuple(facts["genres"]), arrays["means"], arrays["counts"], facts["rating_variance"]
        ),
        PeriodCounts(tuple(facts["periods"]), arrays["period_counts"]),
    )


def pack_search(found: Search) -> Saved:
    """All fits that were tried, and the chosen ones."""
    surface = found.surface
    return Saved(
        {f"surface_{name}": getattr(surface, name) for name in _CELLS}
        | {"labels": found.labels, "near_best_labels": found.near_best_labels}
        | _mixture_arrays("chosen", found.chosen)
        | _mixture_arrays("near_best", found.near_best)
        | _mixture_arrays("starts", found.starts),
        {
            "covariance_type": surface.covariance_type,
            "n_components": surface.n_components,
            "seeds": surface.seeds,
            "agreeing_seeds": found.agreeing_seeds,
        },
    )


def unpack_search(saved: Saved) -> Search:
    """The search that :func:`pack_search` took apart."""
    arrays, facts = saved.arrays, saved.facts
    return Search(
        surface=Surface(
            covariance_type=facts["covariance_type"],
            n_components=tuple(facts["n_components"]),
            seeds=tuple(facts["seeds"]),
            **{name: arrays[f"surface_{name}"] for name in _CELLS},
        ),
        chosen=_mixture("chosen", arrays),
        agreeing_seeds=tuple(facts["agreeing_seeds"]),
        labels=arrays["labels"],
        near_best_labels=arrays["near_best_labels"],
        near_best=_mixture("near_best", arrays),
        starts=_mixture("starts", arrays),
    )


def pack_mixture(mixture: MixtureParameters) -> Saved:
    """A batch of mixtures."""
    return Saved(_mixture_arrays("mixture", mixture), {})


def unpack_mixture(saved: Saved) -> MixtureParameters:
    """The mixtures that :func:`pack_mixture` took apart."""
    return _mixture("mixture", saved.arrays)


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


def _mixture_arrays(name: str, mixture: MixtureParameters) -> dict[str, NDArray[Any]]:
    return {
        f"{name}_weights": mixture.weights,
        f"{name}_means": mixture.means,
        f"{name}_covariances": mixture.covariances,
    }


def _mixture(name: str, arrays: Mapping[str, NDArray[Any]]) -> MixtureParameters:
    return MixtureParameters(
        arrays[f"{name}_weights"], arrays[f"{name}_means"], arrays[f"{name}_covariances"]
    )
