"""Matplotlib axes in the colours of the reports; Matplotlib is imported on first use."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from lacunar.colours import COLOURS, GRID, INK, MUTED
from lacunar.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHAPES = ("o", "^", "s", "D", "P", "v", "X", "*")


def axes_or_new(ax: Axes | None, width: float = 6.4, height: float = 4.2) -> Axes:
    """Return the given axes, or those of a new figure.

    Parameters
    ----------
    ax : Axes, optional
    width, height : float
        Size of a new figure, in inches.

    Raises
    ------
    InputError
        If Matplotlib is not installed.

    Examples
    --------
    >>> axes_or_new(axes_or_new(None))
    <Axes: >
    """
    if find_spec("matplotlib") is None:
        raise InputError(
            "expected Matplotlib, which plots need, got none: pip install 'lacunar[plot]'"
        )
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained", facecolor="white")[1]


def finish(
    ax: Axes, title: str, *, x: str = "", y: str = "", grid: Literal["x", "y", "both"] | None = None
) -> Axes:
    """Give axes a title, labels and the look of the reports.

    Parameters
    ----------
    ax : Axes
    title : str
        A sentence without a full stop.
    x, y : str
        Labels of the axes.
    grid : {"x", "y", "both"}, optional
        Axes with grid lines.

    Examples
    --------
    >>> finish(axes_or_new(None), "Two means", x="nDCG@10").get_title(loc="left")
    'Two means'
    """
    ax.set_title(title, loc="left", fontsize=11, color=INK, pad=10)
    ax.set_xlabel(x, color=MUTED, fontsize=9)
    ax.set_ylabel(y, color=MUTED, fontsize=9)
    ax.set_facecolor("white")
    ax.set_axisbelow(True)
    ax.tick_params(colors=INK, labelsize=9, length=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GRID)
    if grid:
        ax.grid(axis=grid, color=GRID, linewidth=0.8)
    return ax


def legend(ax: Axes, *, outside: bool = False) -> None:
    """Add a legend, outside at the right if asked."""
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if outside else {}
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, **place)


def marker(group: int) -> tuple[str, str]:
    """Shape and colour of the points of a group; the first 56 groups differ.

    Examples
    --------
    >>> marker(0), marker(1)
    (('o', '#0072B2'), ('^', '#D55E00'))
    """
    return _SHAPES[group % len(_SHAPES)], COLOURS[group % len(COLOURS)]
