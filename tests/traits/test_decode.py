"""Decoding on several machines, simulated by directories and caches of one machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages, read_layout
from lacunar.traits.decode import decode_images, label_digests
from lacunar.traits.training.distributed import SINGLE_PROCESS

Run = Callable[..., list[subprocess.CompletedProcess[str]]]
FAST = ("--max-epochs", "1", "--batch", "7", "--folds", "0", "--device", "cpu")


@pytest.fixture
def machines(tmp_path: Path) -> list[Path]:
    """The same data on two machines."""
    one, two = tmp_path / "one" / "data", tmp_path / "two" / "data"
    write_people(sample_people(n_train=30, n_test=8), one)
    shutil.copytree(one, two)
    return [one, two]


def refusals(run: Run, machines: list[Path], *, processes: int) -> list[str]:
    """The errors of the processes of both machines, which all end with bad input."""
    words, variables = [], []
    for data in machines:
        for local in range(processes):
            fit = ("-m", "lacunar", "traits", "fit", data, "-o", data.parent / "model")
            words.append([*fit, "--cache", data.parent / "cache", *FAST])
            variables.append({"LOCAL_RANK": local})
    done = run(words, variables)
    assert [process.returncode for process in done] == [2] * len(done), done
    assert not any("Traceback" in process.stderr for process in done), done
    assert not any((data.parent / "model").exists() for data in machines)
    lines = [line for process in done for line in process.stderr.splitlines()]
    return [line for line in lines if line.startswith("lacunar: ")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "processes", "sentence"),
    [
        ("Train_Data", 2, "training images in every process, got others in process 3 of 4"),
        ("Test_Data", 1, "test images in every process, got others in process 2 of 2"),
    ],
)
def test_a_different_image_on_another_machine_is_an_error_before_training(
    machines: list[Path], run_together: Run, folder: str, processes: int, sentence: str
) -> None:
    image = next((machines[1] / folder / "Originals").iterdir())
    Image.new("RGB", (30, 60), "red").save(image)
    found = refusals(run_together, machines, processes=processes)
    assert found == [f"lacunar: expected the same {sentence}"]


@pytest.mark.slow
def test_missing_test_images_of_a_machine_are_an_error_before_decoding(
    machines: list[Path], run_together: Run
) -> None:
    shutil.rmtree(machines[1] / "Test_Data")
    assert refusals(run_together, machines, processes=1) == [
        "lacunar: expected the same test images in every process, got others in process 2 of 2"
    ]
    assert not any((data.parent / "cache").exists() for data in machines)


# As the command does, but impatient, and the second machine dies while it decodes.
_DYING = """
import os, signal
from lacunar.traits import decode
from lacunar.traits.training import rendezvous
rendezvous._BEAT_SECONDS, rendezvous._SILENCE_SECONDS = 0.1, 3
if os.environ["RANK"] == "1":
    decode.load_frames = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
from lacunar.cli import main
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="of SIGKILL")
def test_a_machine_that_dies_while_decoding_is_an_error(
    machines: list[Path], run_together: Run
) -> None:
    fit = ["-c", _DYING, "traits", "fit", machines[0], "-o", machines[0] / "model", *FAST]
    done = run_together([fit] * 2, [{"LOCAL_RANK": 0}] * 2)
    assert [process.returncode for process in done] == [2, -9], done
    assert "to live, lost one (process 2 of 2 is silent)" in done[0].stderr


def test_one_process_decodes_training_and_test_images(
    people_directory: Path, tmp_path: Path
) -> None:
    train, test = read_layout(people_directory)
    config = TraitsConfig(height=24, width=16)
    images, others = decode_images(SINGLE_PROCESS, train, test, config, cache_dir=tmp_path)
    assert others is not None
    assert (len(images), len(others)) == (24, 12)
    assert decode_images(SINGLE_PROCESS, train, None, config, cache_dir=tmp_path)[1] is None


def test_label_digests_differ_with_labels_and_numbers(people: LabelledImages) -> None:
    labels = people.labels.copy()
    labels[3, 0] = -1
    digests = [
        label_digests(people, None),
        label_digests(replace(people, labels=labels), None),
        label_digests(people.take(np.arange(23)), None),
        label_digests(people, people),
    ]
    assert digests[0] == label_digests(replace(people, labels=people.labels.copy()), None)
    different = [
        {name for name in digests[0] if digests[0][name] != each[name]} for each in digests[1:]
    ]
    assert different == [
        {"training labels"},
        {"training images", "training labels"},
        {"test images", "test labels"},
    ]
