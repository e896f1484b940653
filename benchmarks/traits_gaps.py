"""Gain from filling gaps by the audit's ranking, compared with filling as many at random.

Run: ``python benchmarks/traits_gaps.py people-716 --cache DIR -o gaps.jsonl``. Half of the known
training labels are hidden. Networks are fitted to the rest, in folds; then a tenth of the hidden
labels are filled with the truth, once the gaps with the highest value, once as many at random, and
networks are fitted again. All predict the test part, with the same seeds. A seed that is in the
output already is not run again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.audit.missing_labels import rank_gaps
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages, read_layout
from lacunar.traits.data.schema import UNKNOWN
from lacunar.traits.environment import require_torch
from lacunar.traits.fit import fit_traits
from lacunar.traits.model import TraitsModel

HIDDEN, FILLED = 0.5, 0.1


def run(
    train: LabelledImages, test: LabelledImages, config: TraitsConfig, cache: Path | None
) -> dict[str, float]:
    """Mean macro F1 of the test part before filling, and after each kind of filling."""
    rng = np.random.default_rng(config.seed)
    known = np.flatnonzero(train.labels != UNKNOWN)
    hidden = rng.permutation(known)[: round(HIDDEN * len(known))]
    n = round(FILLED * len(hidden))

    def fitted(filled: NDArray[np.intp]) -> TraitsModel:
        labels = train.labels.copy()
        labels.flat[np.setdiff1d(hidden, filled)] = UNKNOWN
        return fit_traits(replace(train, labels=labels), config, test=test, cache_dir=cache)

    before = fitted(np.empty(0, np.intp))
    labels = train.labels.copy()
    labels.flat[hidden] = UNKNOWN
    ranked = rank_gaps(labels, before.out_of_fold.calibrated(labels))
    cells = ranked.image * labels.shape[1] + ranked.attribute
    # Labels that were unknown from the start cannot be filled with a truth.
    valuable = cells[np.isin(cells, hidden)][:n]
    models = {
        "before": before,
        "by value": fitted(valuable),
        "at random": fitted(rng.permutation(hidden)[:n]),
    }
    return {name: float(model.evaluations["test"].scores[-1, 1]) for name, model in models.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=Path("gaps.jsonl"))
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    require_torch()
    import torch

    torch.set_num_threads(given.threads)
    train, test = read_layout(given.data)
    if test is None:
        raise SystemExit("expected data with a test part")
    rows = [json.loads(line) for line in given.out.open()] if given.out.exists() else []
    for seed in range(given.seeds):
        if any(row["seed"] == seed for row in rows):
            continue
        config = TraitsConfig(
            seed=seed, max_epochs=given.epochs, folds=given.folds, refit=0, device="cpu"
        )
        rows.append({"seed": seed, **run(train, test, config, given.cache)})
        with given.out.open("a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
        print(rows[-1], flush=True)
    gains = np.array(
        [[row[way] - row["before"] for way in ("by value", "at random")] for row in rows]
    )
    print("mean gain by value, at random:", gains.mean(axis=0).round(4))
    difference = gains[:, 0] - gains[:, 1]
    error = difference.std(ddof=1) / len(rows) ** 0.5
    print(f"by value less at random: {difference.mean():.4f} (standard error {error:.4f})")


if __name__ == "__main__":
    main()
