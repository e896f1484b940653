"""Plots of evaluations and of the training of a traits model, with Matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lacunar.aliases import shortened
from lacunar.axes import axes_or_new, finish, legend
from lacunar.colours import COLOURS, FAINT, GRID, INK, MUTED
from lacunar.errors import InputError
from lacunar.reprs import short_repr
from lacunar.traits.confidence.measures import Calibration, Confidence
from lacunar.traits.confidence.reliability import wilson_interval
from lacunar.traits.config import TraitsConfig
from lacunar.traits.evaluate.evaluation import Evaluation
from lacunar.traits.training.history import Epoch, common_epoch, mean_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The accuracy of fewer predictions is random and would fill the whole height.
_FEWEST = 10
# Cells with a larger share of their row have white numbers.
_INVERTED = 0.7


@dataclass(frozen=True, repr=False)
class EvaluationPlots:
    """The plots of an evaluation: ``evaluate_traits(...).plot``.

    Each method draws into ``ax``, or into a new figure, and returns the axes. They need
    Matplotlib: ``pip install 'lacunar[plot]'``. The pictures of the reports, which need no other
    library, come from :func:`lacunar.report.picture`.

    Parameters
    ----------
    evaluation : Evaluation
    confidences : sequence of Confidence
    images : str
        Which images were predicted, such as ``test images``.
    """

    evaluation: Evaluation
    confidences: Sequence[Confidence]
    images: str

    def __repr__(self) -> str:
        methods = ("reliability", "confusion", "risk_coverage")
        return short_repr(type(self).__name__, [f"{name}(attribute)" for name in methods])

    def reliability(self, attribute: str, ax: Axes | None = None) -> Axes:
        """Draw accuracy by confidence, before and after calibration, with 95 % intervals.

        Raises
        ------
        InputError
            If the model has no such attribute, or Matplotlib is not installed.
        """
        found = self.confidences[self._position(attribute)]
        ax = axes_or_new(ax, 5.4, 5.0)
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2, label="perfect calibration")
        _bins(ax, found.before, COLOURS[1], "D", "before calibration", hollow=True)
        _bins(ax, found.after, COLOURS[0], "o", "after calibration")
        bins = (*found.before.bins, *found.after.bins)
        low = min((min(one.confidence, one.low) for one in bins), default=0.0)
        ax.set(xlim=(low - 0.02, 1.02), ylim=(low - 0.02, 1.02), aspect="equal")
        legend(ax)
        return finish(
            ax,
            f"Confidence and accuracy of {attribute}",
            x=f"Confidence ({found.known:,} {self.images})",
            y="Accuracy",
            grid="both",
        )

    def confusion(self, attribute: str, ax: Axes | None = None) -> Axes:
        """Draw a row for each label and a column for each prediction, with numbers of images.

        Raises
        ------
        InputError
            If the model has no such attribute, or Matplotlib is not installed.
        """
        position = self._position(attribute)
        counts = self.evaluation.confusions[position]
        classes = [shortened(n, 18) for n in self.evaluation.schema.attributes[position].classes]
        n = len(classes)
        ax = axes_or_new(ax, 2.4 + 0.5 * n, 1.8 + 0.45 * n)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        from matplotlib.colors import LinearSegmentedColormap

        blues = LinearSegmentedColormap.from_list("white to blue", ["white", "#005484"])
        ax.imshow(shares, cmap=blues, vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                ink = "white" if shares[row, column] >= _INVERTED else INK
                ax.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)
        ax.set_xticks(range(n), classes, rotation=45, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(n), classes)
        right, total = int(np.trace(counts)), int(counts.sum())
        finish(
            ax,
            f"{right:,} of {total:,} predictions\nof {attribute} are right",
            x=f"Prediction ({self.images})",
            y="Label",
        )
        ax.spines[:].set(visible=True, color=GRID)
        return ax

    def risk_coverage(self, attribute: str, ax: Axes | None = None) -> Axes:
        """Draw the accuracy of the most confident predictions by their share, with intervals.

        Points of fewer than ten predictions are left out.

        Raises
        ------
        InputError
            If the model has no such attribute, or Matplotlib is not installed.
        """
        found = self.confidences[self._position(attribute)]
        ax = axes_or_new(ax)
        curve = [p for p in found.curve if p.kept >= _FEWEST] or found.curve
        coverage = [p.coverage for p in curve]
        ends = [wilson_interval(round(p.accuracy * p.kept), p.kept) for p in curve]
        ax.fill_between(
            coverage,
            [low for low, _ in ends],
            [high for _, high in ends],
            color="#dcebf5",
            label="95 % interval",
        )
        ax.plot(coverage, [p.accuracy for p in curve], color=COLOURS[0], label="accuracy")
        if found.coverage is not None and found.kept_accuracy is not None:
            ax.plot(
                found.coverage, found.kept_accuracy, color=COLOURS[1], marker="D", linestyle="none",
                label=f"threshold: {found.coverage:.0%} kept, {found.kept_accuracy:.0%} right",
            )  # fmt: skip
        ax.set_xlim(0, 1.02)
        ax.xaxis.set_major_formatter(_percent)
        ax.yaxis.set_major_formatter(_percent)
        legend(ax)
        return finish(
            ax,
            f"Accuracy of {attribute} without the least confident predictions",
            x=f"Predictions kept ({found.known:,} {self.images})",
            y="Accuracy",
            grid="y",
        )

    def _position(self, attribute: str) -> int:
        names = self.evaluation.schema.names
        if attribute not in names:
            raise InputError(
                f"expected one of {', '.join(names)}, got {attribute}", field="attribute"
            )
        return names.index(attribute)


@dataclass(frozen=True, repr=False)
class TraitsPlots(EvaluationPlots):
    """The plots of a traits model: ``model.plot``.

    As of an evaluation, on the test images if there were any, else on held-out training images;
    and the training history.

    Parameters
    ----------
    evaluation, confidences, images
        As of :class:`EvaluationPlots`.
    histories : sequence of sequence of Epoch
    config : TraitsConfig
    """

    histories: Sequence[Sequence[Epoch]]
    config: TraitsConfig

    def __repr__(self) -> str:
        return super().__repr__().replace(">", ", history(attribute=None)>")

    def history(self, attribute: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the loss on training and validation images by epoch.

        Parameters
        ----------
        attribute : str, optional
            By default the sum over all attributes.
        ax : Axes, optional

        Raises
        ------
        InputError
            If the model has no such attribute, or Matplotlib is not installed.
        """
        if attribute is not None:
            self._position(attribute)
        ax = axes_or_new(ax)
        epochs = mean_history(self.histories)
        numbers = [epoch.epoch for epoch in epochs]
        for part, colour, line in (("train", COLOURS[1], "--"), ("validation", COLOURS[0], "-")):
            scores = [getattr(epoch, part) for epoch in epochs]
            losses = [one.loss if attribute is None else one.losses[attribute] for one in scores]
            name = "training" if part == "train" else part
            ax.plot(numbers, losses, color=colour, linestyle=line, label=f"{name} images")
        if kept := common_epoch(self.histories, self.config):
            ax.axvline(kept, color=FAINT, linestyle=":", label=f"kept: epoch {kept}")
        ax.locator_params(axis="x", integer=True)
        ax.set_ylim(bottom=0)
        legend(ax)
        what = "all attributes" if attribute is None else attribute
        return finish(ax, f"Loss of {what} during training", x="Epoch", y="Loss", grid="y")


def _bins(
    ax: Axes, found: Calibration, colour: str, shape: str, label: str, *, hollow: bool = False
) -> None:
    accuracy = np.array([one.accuracy for one in found.bins])
    ends = np.array([(one.low, one.high) for one in found.bins]).reshape(-1, 2).T
    ax.errorbar(
        [one.confidence for one in found.bins],
        accuracy,
        np.abs(ends - accuracy),
        fmt=shape,
        color=colour,
        markerfacecolor="white" if hollow else colour,
        markersize=6,
        elinewidth=1 if hollow else 1.8,
        label=label,
    )


def _percent(share: float, position: float) -> str:
    del position
    return f"{share:.0%}"
