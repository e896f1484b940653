"""Training that is killed at any moment ends in the same bytes as uninterrupted training."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lacunar.traits.training.checkpoint import read_checkpoint

EPOCHS, KILLS = 8, 10

# With "wait" a process never ends by itself: every kill finds one that runs.
_RUN = f"""
import sys, time
from pathlib import Path
import numpy as np, torch
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.training.loop import TrainingData, train_network
torch.set_num_threads(1)
rng = np.random.default_rng(0)
pixels = rng.integers(0, 256, (40, 24, 16, 3), dtype=np.uint8)
labels = rng.integers(-1, 2, (40, 2))
coat, hat = Attribute("coat", ("open", "closed")), Attribute("hat", ("off", "on"))
schema = Schema((coat, hat), image_column="file")
print("ready", flush=True)
train_network(
    TrainingData(ImageArray("", pixels), labels, np.arange(32), np.arange(32, 40)),
    schema,
    TraitsConfig.of_preset(
        "source",
        height=24, width=16, batch=8, max_epochs={EPOCHS}, patience={EPOCHS}, device="cpu"
    ),
    progress=lambda epoch: print(epoch.epoch, flush=True),
    checkpoint_dir=Path(sys.argv[1]),
)
if sys.argv[2] == "wait":
    time.sleep(600)
"""


def start(folder: Path, end: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _RUN, str(folder), end],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def train(folder: Path) -> list[int]:
    """Train to the end; the epochs that this process trained."""
    with start(folder, "end") as process:
        lines = process.stdout.read().split()
    assert process.returncode == 0
    assert lines[0] == "ready"
    return [int(line) for line in lines[1:]]


def kill(folder: Path, epochs: int, pause: float) -> int:
    """Kill a process that trains, a moment after some epochs; the epochs that are saved."""
    with start(folder, "wait") as process:
        # An epoch prints a line once it is saved; where all are saved there is none to wait for.
        for _ in range(min(epochs, EPOCHS - saved(folder)) + 1):
            assert process.stdout.readline()
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return saved(folder)


def saved(folder: Path) -> int:
    found = read_checkpoint(folder, "")
    return 0 if found is None else len(found.rows)


@pytest.mark.slow
def test_ten_kills_change_no_byte(tmp_path: Path) -> None:
    assert train(tmp_path / "whole") == list(range(1, EPOCHS + 1))
    whole = read_checkpoint(tmp_path / "whole", "")
    epoch = min(row["seconds"] for row in whole.rows)

    moments = random.Random(7)  # noqa: S311 - moments to kill at, not secrets
    # Half of the processes train an epoch and die in the next or as it is saved.
    legs = [1, 0] * (KILLS // 2)
    found = [kill(tmp_path / "killed", n, moments.uniform(0, 1.3) * epoch) for n in legs]
    assert len(set(found)) >= KILLS // 2

    train(tmp_path / "killed")
    killed = read_checkpoint(tmp_path / "killed", "")
    for section in ("network", "kept", "optimiser"):
        expected, got = getattr(whole, section), getattr(killed, section)
        assert expected.keys() == got.keys()
        assert all(expected[name].tobytes() == got[name].tobytes() for name in expected)
    assert [row | {"seconds": 0} for row in killed.rows] == [
        row | {"seconds": 0} for row in whole.rows
    ]
