"""The same data, settings and seed in another place, process and number of threads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lacunar import __version__
from lacunar.report import taste_report, traits_report
from lacunar.store import load_taste, load_traits
from lacunar.store.directory import read_bundle

TASTE = ("--min-components", "2", "--max-components", "3", "--n-seeds", "3")
TRAITS = ("--max-epochs", "2", "--batch", "8", "--device", "cpu", "--workers", "1")
#: How far weights of the source preset may be apart after two epochs with other numbers of threads.
TOLERANCE = 0.02


def fit(kind: str, data: Path, output: Path, options: tuple[str, ...], *, threads: int) -> Path:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    command = [sys.executable, "-m", "lacunar", kind, "fit", str(data), "-o", str(output), *options]
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        env=os.environ | dict.fromkeys(names, str(threads)),
        cwd=output.parent,
    )
    return output


def contents(model: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in model.iterdir()}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere") / "under another name"


@pytest.mark.slow
def test_tastes_are_the_same_bytes_elsewhere_and_with_another_number_of_threads(
    sample_directory: Path, elsewhere: Path, tmp_path: Path
) -> None:
    first = fit("taste", sample_directory, tmp_path / "a", TASTE, threads=1)
    elsewhere.mkdir()
    shutil.copytree(sample_directory, elsewhere / "tastes")
    second = fit("taste", elsewhere / "tastes", elsewhere / "b", TASTE, threads=2)
    assert contents(first) == contents(second)


@pytest.mark.slow
@pytest.mark.parametrize(
    "preset",
    [("--folds", "2", "--refit", "1"), ("--preset", "source", "--validation", "6")],
    ids=["default", "source"],
)
def test_traits_are_the_same_bytes_elsewhere_and_close_with_other_threads(
    people_directory: Path, tmp_path: Path, preset: tuple[str, ...]
) -> None:
    options = (*TRAITS, *preset)
    first = fit("traits", people_directory, tmp_path / "a", options, threads=1)
    copied = tmp_path / "elsewhere" / "people"
    shutil.copytree(people_directory, copied)
    again = fit("traits", copied, tmp_path / "elsewhere" / "b", options, threads=1)
    assert contents(first) == contents(again)
    other = fit("traits", people_directory, tmp_path / "c", options, threads=2)
    if "source" not in preset:
        # Each network of the default trains on one thread, whatever there is.
        assert contents(first) == contents(other)
        return
    expected, found = (read_bundle(path, kind="traits") for path in (first, other))
    assert expected.fingerprint == found.fingerprint
    assert expected.arrays.keys() == found.arrays.keys()
    for name, array in expected.arrays.items():
        if name.startswith("network."):
            difference = np.abs(array - found.arrays[name]).max(initial=0)
            assert difference <= TOLERANCE * max(1, np.abs(array).max(initial=0)), name


def test_every_report_names_seed_versions_and_data(
    sample_model_directory: Path, people_model_directory: Path
) -> None:
    tastes, traits = load_taste(sample_model_directory), load_traits(people_model_directory)
    fingerprint = read_bundle(sample_model_directory, kind="taste").fingerprint
    for page, wanted in (
        (taste_report(tastes), (fingerprint, "0 to 5")),
        (traits_report(traits), (traits.fingerprint, *traits.versions.values())),
    ):
        for text in (f"lacunar {__version__}", *wanted):
            assert text in page
        assert "Seed" in page
