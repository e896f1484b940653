"""Sections of the taste report on model selection, the segments, and the map of users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.mixture.fit_grid import FitGrid
from lacunar.report.figures import bic_strips, k_frequency_bars, segment_profile, user_map
from lacunar.report.scale import widened
from lacunar.report.tables import (
    Table,
    agreement,
    count,
    decimal,
    percent,
    probability,
    stars,
    table,
)
from lacunar.taste.model import TasteModel

Context = dict[str, object]


def choosing_k(model: TasteModel) -> Context:
    """Votes of the seeds for each K, and every BIC behind the votes."""
    fit_grid, chosen = model.fit_grid, model.segments.n_segments
    frequency = fit_grid.k_frequency()
    votes = {k: frequency.get(k, 0) for k in fit_grid.n_components}
    n_seeds = len(fit_grid.seeds)
    agreeing = [fit_grid.seeds.index(seed) for seed in model.agreeing_seeds]
    at_chosen = fit_grid.bic[fit_grid.n_components.index(chosen)]
    return {
        "criterion": model.criterion,
        "agreeing": count(len(agreeing)),
        "seeds": count(n_seeds),
        "k": chosen,
        "bic": decimal(float(at_chosen[agreeing].min())),
        "lowest": decimal(float(at_chosen.min())),
        "frequency_figure": k_frequency_bars(votes, chosen),
        "frequency_table": table(
            "Seeds whose lowest BIC is at each K",
            ["K", "Seeds", "Share of seeds"],
            [(_named(k, chosen), count(n), percent(n / n_seeds)) for k, n in votes.items()],
        ),
        "surface_figure": bic_strips(
            fit_grid.bic,
            fit_grid.n_components,
            fit_grid.seeds,
            chosen=chosen,
            agreeing=frozenset(model.agreeing_seeds),
        ),
        "votes": model.config.criterion == "vote",
        "surface_table": _fit_grid_table(fit_grid, chosen),
    }


def _fit_grid_table(fit_grid: FitGrid, chosen: int) -> Table:
    columns = {
        "Lowest BIC": fit_grid.bic.min(axis=1),
        "Median BIC": np.median(fit_grid.bic, axis=1),
        "Lowest ICL": fit_grid.icl.min(axis=1),
        "Left out": fit_grid.held_out,
    }
    columns = {name: values for name, values in columns.items() if not np.isnan(values).all()}
    rows = [
        (
            _named(k, chosen),
            *(decimal(float(values[row])) for values in columns.values()),
            agreement(float(fit_grid.agreement[row])),
            count(int(fit_grid.degenerate[row].sum())),
        )
        for row, k in enumerate(fit_grid.n_components)
    ]
    return table(f"{len(fit_grid.seeds)} fits of each K", ["K", *columns, "Agree", "Floored"], rows)


def segments_in_detail(model: TasteModel) -> Context:
    """Populations, genre means, and a chart for each segment."""
    segments, genres = model.segments, model.ratings.genres
    sure = segments.responsibilities.max(axis=1)
    populations = table(
        "Users of each segment",
        [
            "Segment",
            "Users",
            "Share of users",
            "Mean genre rating",
            "Mean probability",
            "Stability",
        ],
        [
            (
                f"{k}: {name}",
                count(int(segments.populations[k])),
                percent(float(segments.populations[k]) / model.ratings.n_users),
                stars(_mean(segments.profiles[k][~np.isnan(segments.profiles[k])])),
                probability(_mean(sure[segments.members(k)])),
                agreement(_mean(model.membership_stability[segments.members(k)])),
            )
            for k, name in enumerate(segments.names)
        ],
    )
    means = table(
        "Mean rating of each genre by segment",
        ["Genre", *(f"Segment {k}" for k in range(segments.n_segments))],
        [
            (genre, *(stars(float(mean)) for mean in segments.profiles[:, g]))
            for g, genre in enumerate(genres)
        ],
    )
    everyone = column_means(model.profiles.means)
    domain = profile_domain(model)
    return {
        "populations": populations,
        "means": means,
        "filled": model.config.gaps != "keep",
        "periods": bool(model.periods.periods),
        "genres_watched": _shares(model, genres, model.profiles.shares, "Genre"),
        "periods_watched": _shares(model, model.periods.periods, model.periods.shares, "Period"),
        "parts": [
            segment_means(model, segment, everyone, domain)
            for segment in range(segments.n_segments)
        ],
    }


def _shares(
    model: TasteModel, names: Sequence[str], shares: NDArray[np.float64], what: str
) -> Table:
    """Mean shares of the ratings of members, compared with all users."""
    segments = model.segments
    parts = [shares[segments.members(k)] for k in range(segments.n_segments)]
    columns = [column_means(part) for part in [*parts, shares]]
    heads = [what, *(f"Segment {k}" for k in range(segments.n_segments)), "All users"]
    rows = [
        (name, *(percent(float(column[row])) for column in columns))
        for row, name in enumerate(names)
    ]
    return table(f"Share of ratings by {what.lower()} and segment", heads, rows)


def profile_domain(model: TasteModel) -> tuple[float, float]:
    """Stars at both ends of the axis, the same for the profiles of all segments."""
    everyone = column_means(model.profiles.means)
    known = np.concatenate([model.segments.known_profiles.ravel(), everyone])
    known = known[~np.isnan(known)]
    return widened(float(known.min()), float(known.max()), 10)


def segment_means(
    model: TasteModel, segment: int, everyone: NDArray[np.float64], domain: tuple[float, float]
) -> Context:
    """Genre means of a segment compared with all users, as a figure and a table."""
    segments, genres = model.segments, model.ratings.genres
    name, known = segments.names[segment], segments.known_profiles[segment].tolist()
    raters, filled = segments.known_users[segment].tolist(), segments.profiles[segment].tolist()
    columns = ["Genre", "Mean", "Members who rated it", "All users"]
    rows: list[tuple[str, ...]] = [
        (genre, stars(known[g]), count(raters[g]), stars(float(everyone[g])))
        for g, genre in enumerate(genres)
    ]
    if model.config.gaps != "keep":
        columns.append("With gaps filled")
        rows = [(*row, stars(filled[g])) for g, row in enumerate(rows)]
    return {
        "name": f"Segment {segment}: {name}",
        "population": count(int(segments.populations[segment])),
        "figure": segment_profile(
            f"Segment {segment}", segment, genres, known, everyone.tolist(), raters, domain=domain
        ),
        "table": table(f"Genre means of {name}", columns, rows),
    }


def map_of_users(model: TasteModel) -> Context:
    """The map of users as a figure, and the centres of the segments as a table."""
    segments, drawn = model.segments, model.user_map
    labels = segments.labels[drawn.users]
    shown = np.bincount(labels, minlength=segments.n_segments).tolist()
    rows = []
    for k, name in enumerate(segments.names):
        members = drawn.coordinates[labels == k]
        centre = [decimal(_mean(members[:, axis])) for axis in (0, 1)]
        rows.append((name, count(shown[k]), count(int(segments.populations[k])), *centre))
    return {
        "figure": user_map(
            drawn.coordinates,
            labels,
            names=segments.names,
            populations=segments.populations.tolist(),
            n_users=model.ratings.n_users,
        ),
        "table": table(
            "Users on the map",
            ["Segment", "On the map", "In all", "Centre across", "Centre upwards"],
            rows,
        ),
    }


def _named(k: int, chosen: int) -> str:
    return f"{k} (chosen)" if k == chosen else str(k)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def column_means(profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of the known cells of each column; NaN for a column without known cells."""
    known = (~np.isnan(profiles)).sum(axis=0)
    sums = np.nansum(profiles, axis=0)
    means = np.full(len(sums), np.nan)
    np.divide(sums, known, out=means, where=known > 0)
    return means
