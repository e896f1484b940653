"""Plot of a metric of several methods, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lacunar.aliases import shortened
from lacunar.axes import axes_or_new, finish
from lacunar.colours import COLOURS, INK
from lacunar.taste.evaluate.bootstrap import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Names for readers.
METRIC_NAMES = {
    "ndcg@10": "nDCG@10",
    "recall@20": "Recall@20",
    "mrr@10": "MRR@10",
    "hit_rate@10": "Hit rate@10",
    "coverage": "Coverage",
    "novelty@10": "Novelty (bits)",
    "diversity@10": "Diversity",
    "miscalibration@10": "Miscalibration (nats)",
}


def plot_intervals(
    rows: Mapping[str, Interval], metric: str, tested: str, ax: Axes | None = None
) -> Axes:
    """Draw a dot for each mean and a line for its interval, from top to bottom.

    Parameters
    ----------
    rows : mapping of str to Interval
        By the name of the method; a method without a value has no dot.
    metric : str
    tested : str
        Who was tested, for the label of the axis.
    ax : Axes, optional

    Examples
    --------
    >>> ax = plot_intervals({"a": Interval(0.3, 0.2, 0.4)}, "ndcg@10", "50 users")
    >>> ax.get_title(loc="left")
    'nDCG@10 of each method, with 95 % intervals'
    """
    ax = axes_or_new(ax, 6.4, 1.3 + 0.34 * len(rows))
    for place, interval in enumerate(rows.values()):
        if interval.low is not None and interval.high is not None:
            ax.plot([interval.low, interval.high], [place, place], color=INK, marker="|")
        if math.isnan(interval.mean):
            continue
        ax.plot(interval.mean, place, color=COLOURS[0], marker="o", markersize=7)
        right = interval.mean if interval.high is None else interval.high
        ax.annotate(
            f"{interval.mean:.3f}",
            (right, place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=INK,
        )
    ax.set_yticks(range(len(rows)), [shortened(name, 30) for name in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, 1.15 * max(1e-9, ax.dataLim.x1))
    name = METRIC_NAMES[metric]
    what = "the range over splits" if metric == "coverage" else "95 % intervals"
    return finish(ax, f"{name} of each method, with {what}", x=f"{name}, {tested}", grid="x")
