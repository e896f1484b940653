"""Gain of each step of the default traits recipe, compared with the source preset.

Run: ``python benchmarks/traits_recipes.py people-716 --cache DIR -o recipes.jsonl``. Every recipe
is cross-validated over the training part, in five folds that depend only on the seed, so
that all recipes of one seed have the same folds. The test part is never read.
The fit of the default also gives rows of predictions that favour rare classes. A recipe and seed
that is in the output already is not run again. ``--show`` prints the table.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.config import Augmentation, TraitsConfig
from lacunar.traits.data.class_balance import balanced_answers
from lacunar.traits.data.dataset import LabelledImages, read_layout
from lacunar.traits.data.folds import stratified_folds
from lacunar.traits.data.label_counts import count_labels, largest_classes
from lacunar.traits.environment import require_torch
from lacunar.traits.evaluate.evaluation import evaluate_answers
from lacunar.traits.fit import fit_traits
from lacunar.traits.model import answers, load_frames, predict_traits

FOLDS = 5
STILL = Augmentation(gamma=0, contrast=0)
# Changes to the default.
RECIPES: dict[str, dict[str, Any]] = {
    "default": {},
    "source": {},
    "random start": {"start": "random"},
    "padded to 100 x 60": {"fit": "pad", "height": 100, "width": 60},
    "no histograms of colours": {"colours": False},
    "no change of light": {"augmentation": STILL},
    "not moved at all": {"augmentation": None},
    "no moving average": {"averaging": 0},
    "no label smoothing": {"label_smoothing": 0},
    "no mirrored answers": {"mirror": False},
    "no decay": {"weight_decay": 0},
    "twice the learning rate": {"learning_rate": 3e-3},
    "source's network": {"network": "source"},
    "random start, 24 filters": {"filters": 24},
    "30 epochs": {"max_epochs": 30},
    "120 epochs": {"max_epochs": 120},
    "class weights .5": {"class_weights": 0.5},
    "class weights 1": {"class_weights": 1},
    "logit adjustment .5": {"logit_adjustment": 0.5},
    "logit adjustment 1": {"logit_adjustment": 1},
}
# For the default's fit: the power of the class shares by which probabilities are divided.
DIVIDED = {
    "answers divided by shares to the .25": 0.25,
    "answers divided by shares to the .5": 0.5,
    "answers divided by shares to the 1": 1.0,
}


def names_of(recipe: str) -> list[str]:
    """Names of the rows from the fit of a recipe."""
    return [recipe, *DIVIDED] if recipe == "default" else [recipe]


def cross_validate(
    data: LabelledImages, recipe: str, seed: int, cache: Path
) -> dict[str, dict[str, Any]]:
    """Out-of-fold scores of the images, by name of the row."""
    if recipe == "source":
        return {recipe: figures(data, source_answers(data, seed, cache), seed)}
    config = TraitsConfig(seed=seed, folds=FOLDS, refit=0, device="cpu", **RECIPES[recipe])
    model = fit_traits(data, config, cache_dir=cache)
    found = {recipe: answers(model.out_of_fold.pooled())}
    if recipe == "default":
        told = model.out_of_fold.calibrated(data.labels)
        for name, tau in DIVIDED.items():
            found[name] = balanced_answers(told, model.shares.factors(tau))
    return {name: figures(data, own, seed) for name, own in found.items()}


def source_answers(data: LabelledImages, seed: int, cache: Path) -> NDArray[np.int64]:
    """The complete source preset, including its own validation split, within every fold."""
    sizes = [len(data) // FOLDS + (fold < len(data) % FOLDS) for fold in range(FOLDS)]
    folds = stratified_folds(data.labels, sizes, seed=seed, groups=data.groups)
    found = np.empty_like(data.labels)
    config = TraitsConfig.of_preset("source", seed=seed, device="cpu")
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        model = fit_traits(data.take(np.flatnonzero(folds != fold)), config, cache_dir=cache)
        images = load_frames(data.take(rows), config, cache_dir=cache)
        found[rows] = answers(predict_traits(model, images))
    return found


def figures(data: LabelledImages, found: NDArray[np.int64], seed: int) -> dict[str, Any]:
    largest = largest_classes(count_labels(data.labels, data.schema))
    evaluation = evaluate_answers(data.schema, data.labels, found, largest, seed=seed)
    return {
        "names": [*data.schema.names, "mean"],
        "accuracy": evaluation.scores[:, 0].tolist(),
        "macro_f1": evaluation.scores[:, 1].tolist(),
        "balanced_accuracy": evaluation.scores[:, 3].tolist(),
        "accuracy_ends": evaluation.intervals[:, 0].tolist(),
        "macro_f1_ends": evaluation.intervals[:, 1].tolist(),
        "answers": found.tolist(),
    }


def show(rows: list[dict[str, Any]]) -> None:
    """A line per recipe: means over its seeds."""
    print("| recipe | seeds | accuracy | macro F1 | F1 of each output |\n|---|---|---|---|---|")
    for recipe in (*RECIPES, *DIVIDED):
        own = [row for row in rows if row["recipe"] == recipe]
        if own:
            accuracy = np.mean([row["accuracy"] for row in own], axis=0)
            f1 = np.mean([row["macro_f1"] for row in own], axis=0)
            spread = np.std([row["macro_f1"][-1] for row in own])
            each = " ".join(f"{value:.2f}" for value in f1[:-1])
            line = f"{accuracy[-1]:.3f} | {f1[-1]:.3f} ± {spread:.3f} | {each}"
            print(f"| {recipe} | {len(own)} | {line} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=Path("recipes.jsonl"))
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.out.open()] if given.out.exists() else []
    if given.show:
        show(rows)
        return
    require_torch()
    import torch

    torch.set_num_threads(given.threads)
    data, _ = read_layout(given.data)
    for seed in range(given.seeds):
        for recipe in given.recipes:
            held = {row["recipe"] for row in rows if row["seed"] == seed}
            if held.issuperset(names_of(recipe)):
                continue
            for name, own in cross_validate(data, recipe, seed, given.cache).items():
                if name in held:
                    continue
                row = {"recipe": name, "seed": seed} | own
                with given.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(name, seed, *(f"{row[key][-1]:.3f}" for key in ("accuracy", "macro_f1")))


if __name__ == "__main__":
    main()
