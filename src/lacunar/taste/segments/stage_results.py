"""Serialisation of the results of the segment stages for checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from lacunar.mixture.fit_grid import FIT_GRID_CELLS, FitGrid
from lacunar.mixture.model_selection import Search
from lacunar.mixture.parameters import MixtureParameters
from lacunar.taste.checkpoint import Saved
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts


def pack_profiles(found: tuple[GenreProfiles, PeriodCounts]) -> Saved:
    """Pack the profiles by genre and by period."""
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
    """Restore the profiles and periods of :func:`pack_profiles`."""
    arrays, facts = saved.arrays, saved.facts
    return (
        GenreProfiles(
            tuple(facts["genres"]), arrays["means"], arrays["counts"], facts["rating_variance"]
        ),
        PeriodCounts(tuple(facts["periods"]), arrays["period_counts"]),
    )


def pack_search(found: Search) -> Saved:
    """Pack the criteria of all fits, and the chosen fits."""
    fit_grid = found.fit_grid
    return Saved(
        {f"surface_{name}": getattr(fit_grid, name) for name in FIT_GRID_CELLS}
        | {"labels": found.labels, "near_best_labels": found.near_best_labels}
        | _mixture_arrays("chosen", found.chosen)
        | _mixture_arrays("near_best", found.near_best)
        | _mixture_arrays("starts", found.starts),
        {
            "covariance_type": fit_grid.covariance_type,
            "n_components": fit_grid.n_components,
            "seeds": fit_grid.seeds,
            "agreeing_seeds": found.agreeing_seeds,
        },
    )


def unpack_search(saved: Saved) -> Search:
    """Restore the search of :func:`pack_search`."""
    arrays, facts = saved.arrays, saved.facts
    return Search(
        fit_grid=FitGrid(
            covariance_type=facts["covariance_type"],
            n_components=tuple(facts["n_components"]),
            seeds=tuple(facts["seeds"]),
            **{name: arrays[f"surface_{name}"] for name in FIT_GRID_CELLS},
        ),
        chosen=_mixture("chosen", arrays),
        agreeing_seeds=tuple(facts["agreeing_seeds"]),
        labels=arrays["labels"],
        near_best_labels=arrays["near_best_labels"],
        near_best=_mixture("near_best", arrays),
        starts=_mixture("starts", arrays),
    )


def pack_mixture(mixture: MixtureParameters) -> Saved:
    """Pack a batch of mixtures."""
    return Saved(_mixture_arrays("mixture", mixture), {})


def unpack_mixture(saved: Saved) -> MixtureParameters:
    """Restore the mixtures of :func:`pack_mixture`."""
    return _mixture("mixture", saved.arrays)


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
