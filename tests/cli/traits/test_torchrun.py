"""Fits by ``torchrun``: two processes that train, one of which is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.store import load_traits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="of the loopback and of SIGKILL"),
]

FAST = ("--max-epochs", "3", "--batch", "7", "--folds", "2", "--refit", "0", "--device", "cpu")

# A process that ends itself, as the system would, once its fit has saved an epoch.
_MORTAL = """
import os, signal, sys, threading, time
from pathlib import Path
saved = Path(sys.argv[sys.argv.index("--checkpoint") + 1]) / "network-1" / "history.jsonl"
def end():
    while not saved.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
if os.environ["RANK"] == "1" and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
    threading.Thread(target=end, daemon=True).start()
from lacunar.cli import main
main()
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people") / "data"
    write_people(sample_people(n_train=30, n_test=70), folder)
    return folder


def fit(
    data: Path,
    output: Path,
    *words: object,
    launcher: tuple[object, ...] = (),
    program: tuple[object, ...] = ("-m", "lacunar"),
) -> subprocess.CompletedProcess[str]:
    fit = ("traits", "fit", data, "-o", output, *FAST, *words)
    return subprocess.run(
        [sys.executable, *map(str, (*launcher, *program, *fit))],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ
        | {
            "OMP_NUM_THREADS": "1",
            "GLOO_SOCKET_IFNAME": "lo",
            "LACUNAR_CACHE": str(data.parent / "cache"),
        },
    )


def torchrun(*options: str) -> tuple[str, ...]:
    standalone = ("--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2")
    return ("-m", "torch.distributed.run", *standalone, *options)


@pytest.fixture(scope="module")
def together(
    people: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    output = tmp_path_factory.mktemp("together") / "model"
    done = fit(people, output, "--precision", "float64", "--json", launcher=torchrun())
    assert done.returncode == 0, done.stderr
    return output, done


def losses(model: Path) -> np.ndarray:
    return pq.read_table(model / "history.parquet")["loss"].to_numpy()


def test_two_processes_fit_what_one_fits_and_speak_once(
    people: Path, together: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    output, done = together
    alone = fit(people, tmp_path / "alone", "--precision", "float64", "--workers", "1")
    assert alone.returncode == 0, alone.stderr
    assert len(losses(output)) == 2 * 3 * 2 * 7
    np.testing.assert_allclose(losses(output), losses(tmp_path / "alone"), rtol=0, atol=1e-6)
    document = json.loads(done.stdout)
    assert document["machine"] == {"device": "cpu", "precision": "float64", "processes": 2}
    assert done.stderr.count("Read 30 training images") == 1
    one, two = load_traits(tmp_path / "alone"), load_traits(output)
    assert (one.machine.processes, two.machine.processes) == (1, 2)
    for part in ("out-of-fold", "test"):
        found = [model.evaluations[part].confusions for model in (one, two)]
        assert all(map(np.array_equal, *found))


def test_a_fit_that_loses_a_process_goes_on_and_ends_in_the_same_bytes(
    people: Path, together: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    output = tmp_path / "model"
    mortal = tmp_path / "mortal.py"
    mortal.write_text(_MORTAL)
    done = fit(
        people,
        output,
        "--precision",
        "float64",
        "--checkpoint",
        tmp_path / "run",
        launcher=torchrun("--max-restarts", "1"),
        program=(mortal,),
    )
    assert done.returncode == 0, done.stderr
    assert "exitcode: -9" in done.stderr
    assert done.stderr.count("lacunar: expected every process of this fit to live, lost one") <= 1
    assert done.stderr.count("Read 30 training images") == 2
    assert not (tmp_path / "run").exists()
    for file in together[0].iterdir():
        assert file.read_bytes() == (output / file.name).read_bytes(), file.name


def test_of_all_processes_that_fail_one_says_why(people: Path, tmp_path: Path) -> None:
    done = fit(people, tmp_path / "model", "--workers", "2", launcher=torchrun())
    assert done.returncode != 0
    assert done.stderr.count("lacunar: ") == 1
    assert "--workers: expected none under torchrun" in done.stderr


def test_an_image_that_the_first_cannot_read_ends_all_with_its_sentence(
    people: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    write_people(sample_people(n_train=30, n_test=2), data)
    image = next((data / "Train_Data" / "Originals").iterdir())
    image.write_bytes(b"no image")
    done = fit(data, tmp_path / "model", launcher=torchrun())
    assert done.returncode != 0
    assert done.stderr.count("lacunar: ") == 1
    assert f"{image.name}: expected a JPEG" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "model").exists()


# As the command does, but the disk is full once the model is to be written.
_FULL = """
from lacunar.errors import InputError
from lacunar.store import traits
def save_traits(*_, **__):
    raise InputError("expected a disk with room")
traits.save_traits = save_traits
from lacunar.cli import main
main()
"""

RunTogether = Callable[..., list[subprocess.CompletedProcess[str]]]


def words(
    data: Path, output: Path, *more: object, program: tuple[object, ...] = ("-m", "lacunar")
) -> list[object]:
    return [*program, "traits", "fit", data, "-o", output, *FAST, *more]


@pytest.fixture(scope="module")
def half_done(
    people: Path, tmp_path_factory: pytest.TempPathFactory, run_together: RunTogether
) -> Path:
    """What two processes have saved when one of them is lost in the second of two networks."""
    folder = tmp_path_factory.mktemp("half")
    mortal = folder / "mortal.py"
    mortal.write_text(_MORTAL)
    more = ("--precision", "float64", "--checkpoint", folder / "run")
    done = run_together([words(people, folder / "model", *more, program=(mortal,))] * 2)
    assert [process.returncode for process in done] == [2, -9], done
    assert f"{folder / 'run'} holds no epoch: the fit starts from the first." in done[0].stderr
    assert "expected every process of this fit to live, lost one" in done[0].stderr
    assert not (folder / "model").exists()
    return folder / "run"


@pytest.mark.parametrize("size", [1, 3])
def test_a_fit_goes_on_in_another_number_of_processes(
    people: Path,
    together: tuple[Path, subprocess.CompletedProcess[str]],
    half_done: Path,
    tmp_path: Path,
    run_together: RunTogether,
    size: int,
) -> None:
    output, run = tmp_path / "model", tmp_path / "run"
    shutil.copytree(half_done, run)
    more = ("--precision", "float64", "--checkpoint", run)
    if size == 1:
        done = fit(people, output, *more, "--workers", "1")
    else:
        done = run_together([words(people, output, *more)] * size)[0]
    assert done.returncode == 0, done.stderr
    assert "of network 2, from the checkpoint" in done.stderr
    assert "the fit starts from the first" not in done.stderr
    assert load_traits(output).machine.processes == size
    np.testing.assert_allclose(losses(output), losses(together[0]), rtol=0, atol=1e-6)


def test_two_processes_train_on_all_images_with_none_to_validate(
    people: Path, tmp_path: Path, run_together: RunTogether
) -> None:
    more = ("--precision", "float64", "--refit", "1")
    alone = fit(people, tmp_path / "alone", *more, "--workers", "1")
    assert alone.returncode == 0, alone.stderr
    done = run_together([words(people, tmp_path / "model", *more)] * 2)
    assert [process.returncode for process in done] == [0, 0], done
    np.testing.assert_allclose(
        losses(tmp_path / "model"), losses(tmp_path / "alone"), rtol=0, atol=1e-6
    )
    one, two = load_traits(tmp_path / "alone"), load_traits(tmp_path / "model")
    assert len(one.states) == len(two.states) == 1
    for name, weights in one.states[0].items():
        np.testing.assert_allclose(two.states[0][name], weights, rtol=1e-5, atol=1e-6)


def test_only_the_first_needs_a_place_for_the_model(
    people: Path, tmp_path: Path, run_together: RunTogether
) -> None:
    output = tmp_path / "model"
    done = run_together(
        [
            words(people, place, "--max-epochs", "1")
            for place in (output, tmp_path / "absent" / "model")
        ]
    )
    assert [process.returncode for process in done] == [0, 0], done
    assert load_traits(output).machine.processes == 2
    # The model is there now, and only the first would replace it.
    again = run_together([words(people, output), words(people, tmp_path / "other")])
    assert [process.returncode for process in again] == [2, 2]
    said = [line for process in again for line in process.stderr.splitlines()]
    assert said == [f"lacunar: {output}: a model is there already; pass --force to replace it"]


def test_a_model_that_cannot_be_written_ends_all_processes_with_one_sentence(
    people: Path, tmp_path: Path, run_together: RunTogether
) -> None:
    done = run_together(
        [words(people, tmp_path / "model", "--max-epochs", "1", program=("-c", _FULL))] * 2
    )
    assert [process.returncode for process in done] == [2, 2], done
    said = [line for process in done for line in process.stderr.splitlines()]
    assert [line for line in said if line.startswith("lacunar: ")] == [
        "lacunar: expected a disk with room"
    ]
