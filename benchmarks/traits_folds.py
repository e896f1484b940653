"""Ten folds of the default traits preset: in sequence on one or two threads, or in parallel.

Run: ``python benchmarks/traits_folds.py``. The 520 images are generated; each of ten networks is
trained without two tenths of them, for a few epochs. The variants run alternately, each in its own
process, with images from a cache that is filled first. With one thread, weights have
the same bytes if networks train one after the other or in parallel; this is checked.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measure import describe_machine, in_turn, middle

from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.model import load_frames
from lacunar.traits.networks.pretrained import read_start
from lacunar.traits.training.workers import NetworkSpec, TrainingTask, train_networks

IMAGES, FOLDS, LEFT_OUT, EPOCHS = 520, 10, 2, 6
WAYS: dict[str, dict[str, Any]] = {
    "in turn, one thread": {"workers": 1, "threads": 1},
    "in turn, two threads": {"workers": 1, "threads": 2},
    "two side by side, one thread each": {"workers": 2, "threads": 1},
}


def config(seed: int) -> TraitsConfig:
    return TraitsConfig(max_epochs=EPOCHS, device="cpu", seed=seed)


def lesson_of(folder: str) -> TrainingTask:
    cache = Path(folder) / "cache"
    train, _ = read_layout(Path(folder) / "people")
    images = load_frames(train, config(0), cache_dir=cache)
    return TrainingTask(images, train.labels, train.schema, read_start("pedestrians"), cache)


def specs() -> list[NetworkSpec]:
    """Networks that each leave out neighbouring tenths, as in a fit."""
    rows = np.arange(IMAGES)
    without = [np.isin(rows % FOLDS, (k + np.arange(LEFT_OUT)) % FOLDS) for k in range(FOLDS)]
    return [
        NetworkSpec(k, config(k), np.flatnonzero(~left), np.flatnonzero(left), None, "")
        for k, left in enumerate(without)
    ]


def folds(folder: str, workers: int, threads: int) -> dict[str, Any]:
    """Seconds of all folds, from decoded images to weights, and a digest of the weights."""
    task = lesson_of(folder)
    started = time.perf_counter()
    if threads == 1:
        trained = train_networks(task, specs(), workers=workers)
    else:
        import torch

        torch.set_num_threads(threads)
        # One network alone may use all threads.
        trained = [train_networks(task, [each])[0] for each in specs()]
    seconds = time.perf_counter() - started
    hasher = hashlib.sha256()
    for one in trained:
        for name in sorted(one.state):
            hasher.update(one.state[name].tobytes())
    return {"seconds": seconds, "digest": hasher.hexdigest()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(describe_machine("torch", "numpy"))
    with tempfile.TemporaryDirectory() as folder:
        people = sample_people(n_train=IMAGES, n_test=1)
        write_people(people, Path(folder) / "people")
        lesson_of(folder)
        jobs = {name: {"function": "folds", "folder": folder, **way} for name, way in WAYS.items()}
        runs = in_turn(__file__, jobs, given.rounds)
    slowest = middle(runs["in turn, one thread"], "seconds")
    for name, measured in runs.items():
        seconds = ", ".join(f"{run['seconds']:.1f}" for run in measured)
        ratio = middle(measured, "seconds") / slowest
        print(f"{name}: {seconds} s, {ratio:.2f} of one thread")
    digests = {run["digest"] for name in runs if "two threads" not in name for run in runs[name]}
    if len(digests) != 1:
        raise SystemExit("expected the same weights in turn and side by side, got others")


if __name__ == "__main__":
    main()
