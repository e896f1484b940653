"""Choice of K and prior for imputation: by the error on known cells that a fit does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.conditional import fill_gaps
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em_options import EmOptions
from lacunar.parallel import in_threads

# Share of the known cells that is hidden, and number of times that cells are hidden.
_HIDDEN, _SPLITS = 0.2, 2
# Number of K without progress after which no larger one is tried.
_PATIENCE = 2
# Fewer components win if their error is at most so many times the least.
_CLOSE = 1.005
# Candidates are compared on at most this many rows.
_MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class HeldOutChoice:
    """The chosen settings, and the errors of all that were tried.

    Parameters
    ----------
    n_components : int
    prior_rows : float or None
    errors : dict of (int, float or None) to float
        Root mean square error per K and prior, in standard deviations of the columns.
    """

    n_components: int
    prior_rows: float | None
    errors: dict[tuple[int, float | None], float]


def choose_by_held_out_cells(
    data: MixtureData,
    options: EmOptions,
    *,
    n_components: Sequence[int],
    prior_rows: Sequence[float | None],
    seed: int,
) -> HeldOutChoice:
    """Hide some known cells, fill them from mixtures of each kind, and compare.

    K is raised until twice in a row the error of the best prior does not fall. The fewest
    components whose error is within half a percent of the least are chosen.

    Parameters
    ----------
    data : MixtureData
        Columns of mean 0 and variance 1.
    options : EmOptions
    n_components : sequence of int
        Ascending.
    prior_rows : sequence of float or None
    seed : int
        Of the hidden cells, and of each fit.
    """
    rng = np.random.default_rng(seed)
    if len(data.values) > _MOST_ROWS:
        data = data.take(np.sort(rng.choice(len(data.values), _MOST_ROWS, replace=False)))
    hidden = [_hidden_cells(~np.isnan(data.values), rng) for _ in range(_SPLITS)]
    errors: dict[tuple[int, float | None], float] = {}
    least: list[float] = []
    for k in n_components:
        tried = [(k, prior) for prior in prior_rows]
        found = in_threads(partial(_error, data, options, hidden, seed), tried)
        errors |= dict(zip(tried, found, strict=True))
        least.append(min(found))
        if len(least) > _PATIENCE and min(least[-_PATIENCE:]) >= min(least[:-_PATIENCE]):
            break
    k = next(
        k for k, error in zip(n_components, least, strict=False) if error <= _CLOSE * min(least)
    )
    prior = min(prior_rows, key=lambda weight: errors[k, weight])
    return HeldOutChoice(k, prior, errors)


def _error(
    data: MixtureData,
    options: EmOptions,
    hidden: Sequence[NDArray[np.bool_]],
    seed: int,
    settings: tuple[int, float | None],
) -> float:
    k, prior = settings
    total, cells = 0.0, 0
    for cells_hidden in hidden:
        seen = MixtureData(np.where(cells_hidden, np.nan, data.values), data.noise)
        fit = replace(options, prior_users=prior).fit(seen, k, [seed])
        difference: FloatArray = (fill_gaps(seen, fit.parameters) - data.values)[cells_hidden]
        total += float((difference**2).sum())
        cells += difference.size
    return float(np.sqrt(total / max(cells, 1)))


def _hidden_cells(known: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Cells to hide, all of them known; every column keeps its first known cell."""
    hidden = known & (rng.random(known.shape) < _HIDDEN)
    hidden[known.argmax(axis=0), np.arange(known.shape[1])] = False
    return hidden
