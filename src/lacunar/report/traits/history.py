"""Section of the traits report on the training history of each output."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from lacunar.report.figures import history_lines
from lacunar.report.tables import Table, ratio, table
from lacunar.report.traits.words import anchor, spoken
from lacunar.traits.model import TraitsModel
from lacunar.traits.training.history import Epoch, common_epoch

Context = dict[str, object]
Values = Sequence[float | None]


def training_history(model: TraitsModel) -> Context:
    """Total losses, then losses and accuracies of each output."""
    history = model.history
    best = common_epoch(model.histories, model.config)
    train = [epoch.train.loss for epoch in history]
    validation = [epoch.validation.loss for epoch in history]
    return {
        "best": best,
        "adjusted": bool(model.config.logit_adjustment),
        "weighted": bool(model.config.class_weights),
        "total": {
            "figure": history_lines("Loss, all outputs together", train, validation, best=best),
            "table": _table(history, best, "all outputs together", {"loss": (train, validation)}),
        },
        "outputs": [
            _output(history, best, position, name)
            for position, name in enumerate(model.schema.names)
        ],
    }


def _output(history: Sequence[Epoch], best: int | None, position: int, name: str) -> Context:
    losses: tuple[Values, Values] = (
        [epoch.train.losses[name] for epoch in history],
        [epoch.validation.losses[name] for epoch in history],
    )
    accuracies: tuple[Values, Values] = (
        [epoch.train.accuracies[name] for epoch in history],
        [epoch.validation.accuracies[name] for epoch in history],
    )
    title = spoken(name)
    return {
        "anchor": anchor("history", position),
        "name": title,
        "loss_figure": history_lines(f"Loss of {title}", *losses, best=best),
        "accuracy_figure": history_lines(
            f"Accuracy of {title}", *accuracies, best=best, whole=(0.0, 1.0)
        ),
        "table": _table(history, best, title, {"loss": losses, "accuracy": accuracies}),
    }


def _table(
    history: Sequence[Epoch], best: int | None, name: str, columns: dict[str, tuple[Values, Values]]
) -> Table:
    values = [part for pair in columns.values() for part in pair]
    rows = [
        (
            f"{epoch.epoch} (kept)" if epoch.epoch == best else str(epoch.epoch),
            *(_cell(column[row]) for column in values),
        )
        for row, epoch in enumerate(history)
    ]
    heads = [f"{part} {what}" for what in columns for part in ("Training", "Validation")]
    return table(f"Epoch by epoch: {name}", ["Epoch", *heads], rows)


def _cell(value: float | None) -> Markup:
    return ratio(math.nan if value is None else value)
