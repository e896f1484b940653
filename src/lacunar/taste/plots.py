"""Plots of a taste model, with Matplotlib."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from lacunar.aliases import FloatArray, shortened
from lacunar.axes import axes_or_new, finish, legend, marker
from lacunar.colours import COLOURS, FAINT, GRID, INK, MUTED
from lacunar.errors import InputError
from lacunar.mixture.fit_grid import FitGrid
from lacunar.mixture.statistics import one_hot
from lacunar.reprs import short_repr
from lacunar.taste.config import RecommenderName
from lacunar.taste.data.histories import Stars, histories_of, new_history
from lacunar.taste.data.ratings import Id, Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.recommend.base import Recommender, ScoreParts
from lacunar.taste.segments.assignment import Segments
from lacunar.taste.segments.user_map import UserMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

# With more users, markers are small and have no outline, which would turn the map black.
_CROWD = 2000
# Ratios beyond this have the same colour.
_MOST_TIMES = 3.0
_ITEMS = 8
_TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, repr=False)
class TastePlots:
    """The plots of a taste model: ``model.plot``.

    Each method draws into ``ax``, or into a new figure, and returns the axes. They need
    Matplotlib: ``pip install 'lacunar[plot]'``. The pictures of the reports, which need no other
    library, come from :func:`lacunar.report.picture`.

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.fit import fit_taste
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> model.plot
    <TastePlots: map(), profiles(), criteria(), reasons(user, item)>
    >>> model.plot.map().get_title(loc="left")
    'Users with similar profiles are near each other'
    """

    ratings: Ratings
    profiles_of_users: GenreProfiles
    segments: Segments
    user_map: UserMap
    fit_grid: FitGrid
    recommender: Callable[[RecommenderName | None], Recommender]

    def __repr__(self) -> str:
        names = ["map()", "profiles()", "criteria()", "reasons(user, item)"]
        return short_repr("TastePlots", names)

    def map(self, ax: Axes | None = None) -> Axes:
        """Draw the users in two dimensions, with a marker for each segment."""
        ax = axes_or_new(ax, 8.4, 4.6)
        labels = self.segments.labels[self.user_map.users]
        crowded = len(labels) > _CROWD
        # Small segments are drawn last, on top of large ones.
        for segment, (name, users) in enumerate(
            zip(self.segments.names, self.segments.populations.tolist(), strict=True)
        ):
            shape, colour = marker(segment)
            x, y = self.user_map.coordinates[labels == segment].T
            ax.scatter(
                x,
                y,
                marker=shape,
                c=colour,
                s=6 if crowded else 26,
                edgecolors="none" if crowded else INK,
                linewidths=0.4,
                label="\n".join(wrap(f"{segment}: {name} ({users:,})", 32)),
            )
        n, shown = self.ratings.n_users, len(labels)
        who = f"All {n:,} users" if n == shown else f"A sample: {shown:,} of {n:,} users"
        finish(ax, "Users with similar profiles are near each other", x=f"{who}. Axes have no unit")
        ax.set_aspect("equal", adjustable="datalim")
        ax.set(xticks=[], yticks=[])
        ax.spines[["top", "right"]].set(visible=True, color=GRID)
        legend(ax, outside=True)
        return ax

    def profiles(self, ax: Axes | None = None) -> Axes:
        """Draw how often the members rate each genre, relative to all users.

        A cell is the mean share of the genre in the ratings of the members, divided by that of all
        users. Genres with the largest shares come first.
        """
        segments, shares = self.segments, self.profiles_of_users.shares
        ax = axes_or_new(ax, 2.4 + 1.15 * segments.n_segments, 1.5 + 0.27 * shares.shape[1])
        overall = shares.mean(axis=0)
        order = np.argsort(-overall, kind="stable")
        times = _times(segments, shares)[:, order].T
        limit = math.log2(_MOST_TIMES)
        with np.errstate(divide="ignore"):
            colours = np.clip(np.log2(times), -limit, limit)
        image = ax.imshow(colours, cmap=_diverging(), vmin=-limit, vmax=limit, aspect="auto")
        for (row, column), value in np.ndenumerate(times):
            if not np.isnan(value):
                ink = "white" if abs(colours[row, column]) > 0.75 * limit else INK
                text = f"{value:.1f}{_TIMES}"
                ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
        title = f"How often members rate each genre (1{_TIMES} is the mean of all users)"
        finish(ax, title if segments.n_segments > 3 else title.replace(" (", "\n("))
        heads = [
            f"{segment}: " + "\n".join(wrap(name, 15))
            for segment, name in enumerate(segments.names)
        ]
        ax.set_xticks(range(len(heads)), heads)
        ax.set_yticks(range(len(order)), [shortened(self.ratings.genres[g], 19) for g in order])
        ax.spines[:].set_visible(False)
        bar = ax.figure.colorbar(image, ax=ax, ticks=[-limit, -1, 0, 1, limit], shrink=0.6)
        bar.ax.set_yticklabels(
            [f"⅓{_TIMES} or less", f"½{_TIMES}", f"1{_TIMES}", f"2{_TIMES}", f"3{_TIMES} or more"],
            color=INK,
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, labelsize=8)
        return ax

    def criteria(self, ax: Axes | None = None) -> Axes:
        """Draw the BIC of all fits by number of segments."""
        ax = axes_or_new(ax)
        grid, chosen = self.fit_grid, self.segments.n_segments
        bic = np.where(np.isfinite(grid.bic) & ~grid.degenerate, grid.bic, np.nan)
        for i, k in enumerate(grid.n_components):
            # By seed: equal values stay apart, without randomness.
            spread = 0.5 * ((np.arange(len(grid.seeds)) + 0.5) / len(grid.seeds) - 0.5)
            label = f"a fit ({len(grid.seeds)} for each number)" if i == 0 else None
            ax.scatter(k + spread, bic[i], s=9, color=FAINT, linewidths=0, label=label)
        known = ~np.isnan(bic).all(axis=1)
        ks = np.array(grid.n_components)[known]
        lowest = np.nanmin(bic[known], axis=1)
        ax.plot(ks, lowest, color=COLOURS[0], marker="o", markersize=5, label="best fit")
        at_chosen = lowest[ks == chosen]
        if at_chosen.size:
            ax.scatter(
                chosen, at_chosen, s=110, marker="D", facecolors="none", edgecolors=COLOURS[1],
                linewidths=1.8, label=f"chosen: {chosen}", zorder=3,
            )  # fmt: skip
        ax.set_xticks(grid.n_components)
        ax.yaxis.set_major_formatter("{x:,.0f}")
        legend(ax)
        return finish(
            ax,
            "Fit of each number of segments (lower is better)",
            x="Number of segments",
            y="BIC",
            grid="y",
        )

    def reasons(
        self,
        user: Id | Stars,
        item: Id,
        *,
        by: RecommenderName | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the parts of the score of one item for one user.

        Parameters
        ----------
        user : id, or mapping of id to float
            A user of the log, or the ratings of a new user.
        item : id
            Id of the item.
        by : {"popularity", "segment", "posterior", "personal"}, optional
            The recommender; by default the one in the config.
        ax : Axes, optional

        Raises
        ------
        InputError
            If an id is unknown, a rating is invalid, or the item has no score.
        """
        ratings = self.ratings
        if isinstance(user, Mapping):
            history, whom = new_history(ratings, user), "a new user"
        else:
            history, whom = histories_of(ratings, user), f"user {user}"
        position = ratings.item_position(item)
        [parts] = self.recommender(by).decompose(history, [position])
        title = ratings.items["title"][position].as_py()
        if not math.isfinite(parts.total):
            raise InputError(
                f"expected {ratings.noun.with_article} that the recommender can recommend, got"
                f" {title!r}: nobody in the"
                " segment likes it",
                field="item",
            )
        stars = dict(zip(history.item.tolist(), history.rating.tolist(), strict=True))
        rows, others, rest = self._largest(parts, stars)
        ax = axes_or_new(ax, 7.2, 1.4 + 0.3 * len(rows))
        values = [value for _, value in rows]
        digits = _digits(max(map(abs, values), default=0))
        places = range(len(rows))
        colours = [COLOURS[0] if value >= 0 else COLOURS[1] for value in values]
        ax.barh(places, values, color=colours, height=0.7)
        for place, value in zip(places, values, strict=True):
            side = "left" if value >= 0 else "right"
            text = f" {_signed(value, digits)} "
            ax.text(value, place, text, ha=side, va="center", fontsize=8, color=INK)
        ax.axvline(0, color=MUTED, linewidth=0.8)
        ax.set_yticks(places, [name for name, _ in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.margins(x=0.16)
        ax.locator_params(axis="x", nbins=6)
        note = "Part of the score"
        if others:
            rated = ratings.noun.counted(others)
            note += f" ({_signed(rest, digits)} from {rated} with smaller parts)"
        head = f"Score of {title} for {whom}: {parts.total:.{digits}f}, and its largest parts"
        finish(ax, "\n".join(wrap(head, 50)), x=note)
        ax.spines["left"].set_visible(False)
        return ax

    def _largest(
        self, parts: ScoreParts, stars: Mapping[int, float]
    ) -> tuple[list[tuple[str, float]], int, float]:
        """Names and values of the largest parts; number and sum of the others."""
        titles = self.ratings.items["title"]
        order = np.argsort(-np.abs(parts.rated), kind="stable")
        rows = [(_KINDS[kind], value) for kind, value in parts.others.items()]
        for i in order[:_ITEMS].tolist():
            item = int(parts.items[i])
            name = f"{shortened(titles[item].as_py(), 36)}, rated {stars[item]:g}"
            rows.append((name, float(parts.rated[i])))
        left = parts.rated[order[_ITEMS:]]
        return sorted(rows, key=lambda row: -row[1]), len(left), float(left.sum())


_KINDS = {
    "segment": "Segments of the user",
    "popularity": "Popularity",
    "adventure": "Adventure",
    "reranking": "Variety of the list",
}


def _digits(largest: float) -> int:
    """Decimal places that show three digits of the largest value."""
    return max(0, 2 - math.floor(math.log10(largest))) if largest else 0


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _times(segments: Segments, shares: FloatArray) -> FloatArray:
    """Mean share of each genre in each segment, divided by that of all users, shape (K, G)."""
    member = one_hot(segments.labels, segments.n_segments)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = member @ shares / member.sum(axis=1, keepdims=True)
        return np.asarray(means / shares.mean(axis=0))


def _diverging() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("orange to blue", [COLOURS[1], "white", COLOURS[0]])
