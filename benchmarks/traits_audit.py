"""Planted faults that the audit finds in generated images, with networks fitted to them.

Run: ``python benchmarks/traits_audit.py --seeds 3``. Of 520 training and 196 test images,
3 % are damaged and 2 % repeated, and 5 % of the known labels are changed, at most one per image;
``--wrong 36`` changes labels of 5 % of the images. The default preset is fitted in folds (without
the networks trained on all images, which the audit does not use), and the findings are compared
with the planted faults: wrong labels at as many flags as there are, the rest as flagged. Networks
start at random: the weights that come with Lacunar were trained on other images of the same
generator; ``--start pedestrians`` uses them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np

from lacunar.datasets.people.labels import COLUMNS, COUNTS, UNKNOWN
from lacunar.datasets.people.sample import PlantedTruth, sample_people, write_people
from lacunar.traits.audit.findings import AuditFindings, audit_images
from lacunar.traits.audit.unseen_predictions import unseen_probabilities
from lacunar.traits.config import Start, TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.environment import require_torch
from lacunar.traits.fit import fit_traits

TRAIN, TEST = 520, 196
BAD, REPEATED = 21, 14
KNOWN = (TRAIN + TEST) * len(COLUMNS) - sum(
    counts.get(UNKNOWN, 0) for part in COUNTS.values() for counts in part
)


def audit_sample(
    seed: int, wrong: int, folder: Path, epochs: int, start: Start
) -> tuple[PlantedTruth, AuditFindings, float]:
    """Planted faults, findings, and the out-of-fold accuracy of the networks."""
    sample = sample_people(
        n_train=TRAIN,
        n_test=TEST,
        wrong_labels=wrong,
        bad_images=BAD,
        duplicates=REPEATED,
        seed=seed,
    )
    write_people(sample, folder / "people")
    train, test = read_layout(folder / "people")
    cache = folder / "cache"
    config = TraitsConfig(seed=seed, max_epochs=epochs, start=start, refit=0, device="cpu")
    model = fit_traits(train, config, test=test, cache_dir=cache)
    of_train, of_test = unseen_probabilities(model, train, test, cache_dir=cache)
    found = audit_images(train, test, of_train, test_probabilities=of_test)
    accuracy = float(model.evaluations["out-of-fold"].scores[-1, 0])
    return sample.truth, found, accuracy


def wrong_labels(truth: PlantedTruth, found: AuditFindings) -> float:
    """Precision (and recall) at as many flags as there are changed labels."""
    assert found.wrong_labels is not None
    places = [(*found.images.place(i),) for i in range(len(found.images))]
    planted = {(one.part, one.filename, COLUMNS.index(one.column)) for one in truth.wrong_labels}
    ranked = found.wrong_labels
    top = zip(
        ranked.image[: len(planted)].tolist(),
        ranked.attribute[: len(planted)].tolist(),
        strict=True,
    )
    hits = sum((*places[image], attribute) in planted for image, attribute in top)
    return hits / len(planted)


def scores(planted: set[object], flagged: set[object]) -> str:
    right = len(planted & flagged)
    return f"precision {right / max(len(flagged), 1):.3f}, recall {right / len(planted):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--wrong", type=int, default=round(0.05 * KNOWN), help="labels to change")
    parser.add_argument("--epochs", type=int, default=TraitsConfig().max_epochs)
    parser.add_argument("--start", choices=get_args(Start), default="random")
    given = parser.parse_args()
    require_torch()
    precisions = []
    for seed in range(given.seeds):
        with tempfile.TemporaryDirectory() as name:
            truth, found, accuracy = audit_sample(
                seed, given.wrong, Path(name), given.epochs, given.start
            )
        place = found.images.place
        precisions.append(wrong_labels(truth, found))
        bad: set[object] = {(one.part, one.filename) for one in truth.bad_images}
        copies: set[object] = {frozenset((one.first, one.second)) for one in truth.duplicates}
        flagged = {place(one.image) for one in found.low_quality}
        pairs = {frozenset((place(one.first), place(one.second))) for one in found.duplicates}
        print(f"seed {seed}: accuracy out of fold {accuracy:.3f}")
        print(f"  wrong labels: precision {precisions[-1]:.3f} at {given.wrong} flags")
        print(f"  bad images: {scores(bad, set(flagged))}")
        print(f"  copies: {scores(copies, set(pairs))}", flush=True)
    print(f"wrong labels, mean of seeds: {np.mean(precisions):.3f}")


if __name__ == "__main__":
    main()
