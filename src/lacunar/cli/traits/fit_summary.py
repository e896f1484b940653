"""Sentences and tables of ``lacunar traits fit``: the data read, the training, the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.cli.console import err, out
from lacunar.cli.traits.tables import print_counts, print_scores

if TYPE_CHECKING:
    from lacunar.traits.data.dataset import LabelledImages
    from lacunar.traits.model import TraitsModel


def print_intake(train: LabelledImages, test: LabelledImages | None) -> None:
    """Print how many images, rows and unknown labels were read."""
    for what, dataset in (("training", train), ("test", test)):
        if dataset is None:
            continue
        intake, n = dataset.intake, len(dataset)
        unknown = ", ".join(f"{name} {count}" for name, count in intake.unknown.items())
        repeated = f", {intake.repeated} of them for repeated images" if intake.repeated else ""
        err.print(f"Read {n} {what} images from {intake.rows} rows{repeated}.")
        err.print(f"  unknown labels: {unknown}")


def print_summary(model: TraitsModel) -> None:
    """Print the label counts, the initial weights, the epochs and the scores of a model."""
    from lacunar.traits.evaluate.evaluation import evaluated_images

    print_counts(model)
    if model.start is not None:
        attributes = ", ".join(model.start.attributes) or "none of these attributes"
        out.print(f"Weights started from {model.start.name}, pretrained on: {attributes}.\n")
    out.print(_training(model) + "\n")
    part = "test" if "test" in model.evaluations else model.config.evaluated_split
    images = evaluated_images(part, model.config)
    print_scores(model.evaluations[part], images[0].upper() + images[1:])


def _training(model: TraitsModel) -> str:
    from lacunar.traits.training.history import common_epoch, kept_epoch, kept_span

    config, n = model.config, len(model.history)
    if not config.chooses_epoch:
        left_out = f"{config.folds_left_out} of {config.folds} folds"
        networks = f"{config.folds} networks, each without {left_out}: "
        lines = [f"Trained each network for {n} epochs and kept the last weights."]
        if config.folds and config.refit:
            lines += [
                f"  {networks}for the out-of-fold scores.",
                f"  {config.refit} networks on all images: for predictions.",
            ]
        elif config.folds:
            lines.append(f"  {networks}for scores and predictions.")
        else:
            lines.append("  One network.")
        return "\n".join(lines)
    if common_epoch(model.histories, config) is None:
        return (
            f"Trained {len(model.histories)} networks, each without different folds.\n"
            "Each kept its epoch with the lowest validation loss: "
            f"{kept_span(model.histories, config)}."
        )
    kept = kept_epoch(model.history, config)
    why = (
        f"it stopped after {config.patience} epochs without a lower loss"
        if n < config.max_epochs
        else "the maximum number"
    )
    return (
        f"Kept epoch {kept.epoch}, which has the lowest validation loss "
        f"({kept.validation.loss:.3f}),\nof {n} epochs: {why}."
    )
