"""Killed processes, full disks, read-only ones, two writers: what was there is still there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lacunar.datasets import movielens
from lacunar.errors import InputError
from lacunar.files.atomic import replace_file
from lacunar.store.directory import Bundle, check_destination, read_bundle, write_bundle
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images

if sys.platform == "win32":
    pytest.skip("signals, limits and mounts are those of POSIX", allow_module_level=True)

import resource

ROOT = Path(__file__).parents[1]
SMALL = Bundle(
    kind="test",
    config={},
    fingerprint="f",
    facts={},
    arrays={"x": np.arange(9.0)},
    tables={"t": pa.table({"value": [1]})},
    card="# Card\n",
)
LARGE = replace(SMALL, arrays={"x": np.arange(100_000.0)})
FULL = "got: (No space left on device|File too large)"

#: Fills what is left of a disk, until the context ends.
Disk = tuple[Path, Callable[[], contextlib.AbstractContextManager[None]]]


def crashing(kind: str, folder: Path) -> dict[str, int]:
    command = [sys.executable, str(ROOT / "tests" / "crashing.py"), kind, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount a small disk of memory; needs to be root of the machine."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def limited(size: int) -> Iterator[None]:
    """Let no file grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A disk of 256 kB where we may mount one; elsewhere a limit on the size of files."""
    folder = tmp_path_factory.mktemp("crashes") / "disk"
    if os.geteuid() != 0:
        folder.mkdir()
        yield folder, partial(limited, 4000)
        return
    with mounted(folder, "-o", "size=256k"):
        yield folder, contextlib.nullcontext


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A directory with a model in which nothing can be written, by root either."""
    folder = tmp_path / "read-only"
    if os.geteuid() != 0:
        folder.mkdir()
        write_bundle(folder / "model", SMALL)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    with mounted(folder):
        write_bundle(folder / "model", SMALL)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", ["steps", "two-steps"])
def test_a_writer_killed_at_any_step_leaves_the_old_model_or_the_new_one(
    tmp_path: Path, kind: str
) -> None:
    found = crashing(kind, tmp_path)
    assert found["old"] >= 8
    assert found["new"] >= 3
    assert found["old"] + found["new"] == found["steps"]


@pytest.mark.parametrize("kind", ["writers", "two-step-writers"])
def test_two_writers_of_one_model_and_a_reader_never_meet(tmp_path: Path, kind: str) -> None:
    found = crashing(kind, tmp_path)
    assert min(found["old"], found["new"]) > 0


@pytest.mark.slow
def test_runs_killed_at_random_moments_leave_nothing_half_there() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "kill.py"), "--kills", "20", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = json.loads(done.stdout)["kinds"]
    assert sorted(kinds) == ["cache", "download", "save", "taste fit", "traits fit"]
    assert sum(kind["kills"] for kind in kinds.values()) == 20


def test_a_full_disk_keeps_the_model_that_was_there(disk: Disk) -> None:
    folder, filled = disk
    path = folder / "model"
    write_bundle(path, SMALL)
    with filled(), pytest.raises(InputError, match=f"{path}: expected a place for a model, {FULL}"):
        write_bundle(path, LARGE, force=True)
    assert names(folder) == ["model"]
    assert len(read_bundle(path, kind="test").arrays["x"]) == 9
    write_bundle(path, SMALL, force=True)


def test_a_full_disk_keeps_the_file_that_was_there(disk: Disk, tmp_path: Path) -> None:
    folder, filled = disk
    replace_file(folder / "page.html", [b"old"])
    with filled(), pytest.raises(OSError, match=r"No space left|File too large"):
        replace_file(folder / "page.html", [bytes(800_000)])
    assert (folder / "page.html").read_bytes() == b"old"
    assert not [name for name in names(folder) if name.endswith(".part")]


def test_a_full_disk_ends_a_cache_with_a_sentence(disk: Disk, people: LabelledImages) -> None:
    folder, filled = disk
    load = partial(load_images, people, cache_dir=folder / "cache")
    with filled(), pytest.raises(InputError, match=f"a place for decoded images, {FULL}"):
        load(height=100, width=60)
    kept = load(height=8, width=8)
    assert len(kept) == len(people)
    assert not [path for path in (folder / "cache").rglob("*") if path.name.endswith(".part")]


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a data set of 900 kB can be had, which is 2 kB as a zip file."""
    served, content = tmp_path / "served", b"1,2,3,4\n" * 112_500
    served.mkdir()
    with zipfile.ZipFile(served / "tiny.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("tiny/ratings.csv", content)
    body = (served / "tiny.zip").read_bytes()
    archive = movielens.Archive(
        description="tiny",
        licence="free",
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        members=("ratings.csv",),
        unpacked_limit=1_000_000,
    )
    monkeypatch.setitem(movielens.DATASETS, "tiny", archive)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_full_disk_keeps_the_data_set_and_what_was_downloaded(disk: Disk, address: str) -> None:
    folder, filled = disk
    target = folder / "data" / "tiny"
    target.mkdir(parents=True)
    (target / "ratings.csv").write_text("old")
    with filled(), pytest.raises(InputError, match=f"a place for the files of tiny, {FULL}"):
        movielens.fetch("tiny", target, base_url=address, force=True)
    assert (target / "ratings.csv").read_text() == "old"
    assert names(target.parent) == ["tiny", "tiny.zip.part"]


def test_a_full_disk_ends_a_command_with_a_sentence(disk: Disk) -> None:
    folder, filled = disk
    target = folder / "sample"
    words = ["data", "sample", "tastes", "-o", str(target), "--users", "2000"]
    with filled():
        done = subprocess.run(
            [sys.executable, "-m", "lacunar", *words], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "No space left" in done.stderr or "File too large" in done.stderr


def test_what_cannot_be_written_is_refused_before_a_fit(read_only: Path) -> None:
    for force in (False, True):
        with pytest.raises(InputError, match=r"a place for a model, got one that is read-only"):
            check_destination(read_only / "model", force=force)
    with pytest.raises(InputError, match="read-only"):
        write_bundle(read_only / "other", SMALL)
    assert read_bundle(read_only / "model", kind="test").card == "# Card\n"


def test_a_read_only_directory_ends_other_work_with_a_sentence(
    read_only: Path, people: LabelledImages, address: str
) -> None:
    with pytest.raises(InputError, match="expected a place for decoded images, got: "):
        load_images(people, height=8, width=8, cache_dir=read_only / "cache")
    with pytest.raises(InputError, match="expected a place for the files of tiny, got: "):
        movielens.fetch("tiny", read_only / "tiny", base_url=address)
    done = subprocess.run(
        [sys.executable, "-m", "lacunar", "demo", "-o", str(read_only / "demo")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1), done.stderr
    assert "expected a place to write" in done.stderr
