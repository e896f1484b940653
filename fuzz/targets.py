"""Fuzz targets: every reader of untrusted bytes, as a function of bytes that must not raise.

A refusal is a :class:`lacunar.errors.InputError` with one sentence on one line; a target raises any
other error, which is then a bug. `fuzz/run.py` calls the targets with the inputs of
atheris, `tests/test_fuzz.py` with the stored corpora and the inputs of hypothesis.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lacunar.errors import InputError
from lacunar.store import load_taste, load_traits
from lacunar.store.manifest import read_manifest
from lacunar.taste.data.reading import read_ratings
from lacunar.traits.data.dataset import read_dataset
from lacunar.traits.data.images import read_image
from lacunar.traits.data.schema import read_schema

MODELS = Path(__file__).parents[1] / "tests" / "fixtures" / "models" / "v1"
MOVIES = b"movieId,title,genres\n1,A (1999),Drama|War\n2,B,Comedy\n"
RATINGS = b"userId,movieId,rating,timestamp\n1,1,4.0,3\n2,2,3.0,4\n"
#: The files of each layout, and the content of the other one while one of them is hostile.
LAYOUTS = (
    ("ratings.csv", RATINGS, "movies.csv", MOVIES),
    ("movies.csv", MOVIES, "ratings.csv", RATINGS),
    ("ratings.dat", b"1::1::4::3\n", "movies.dat", b"1::A (1999)::Drama|War\n"),
    ("movies.dat", b"1::A (1999)::Drama|War\n", "ratings.dat", b"1::1::4::3\n"),
    ("u.data", b"1\t1\t4\t3\n", "u.item", b"1|A|d||u|" + b"|".join([b"1"] * 19) + b"\n"),
    ("u.item", b"1|A|d||u|" + b"|".join([b"1"] * 19) + b"\n", "u.data", b"1\t1\t4\t3\n"),
)
_FILES = {
    kind: sorted(path.name for path in (MODELS / kind).iterdir()) for kind in ("taste", "traits")
}


@contextmanager
def refusing() -> Iterator[None]:
    """Suppress correct refusals."""
    try:
        yield
    except InputError as error:
        if len(str(error).splitlines()) != 1:
            raise AssertionError(f"expected one line, got {str(error)!r}") from error


def ratings(data: bytes) -> None:
    """Read a ratings directory with one hostile file, which the first byte selects."""
    if not data:
        return
    hostile, _, other, content = LAYOUTS[data[0] % len(LAYOUTS)]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / hostile).write_bytes(data[1:])
        (Path(name) / other).write_bytes(content)
        with refusing():
            read_ratings(name)


def schema(data: bytes) -> None:
    """Read a ``schema.toml``, and a label file with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schema.toml").write_bytes(data)
        (folder / "a.png").touch()
        (folder / "a.csv").write_text("file,coat\na.png,1\n")
        with refusing():
            read_schema(folder / "schema.toml")
        with refusing():
            read_dataset(folder)


def labels(data: bytes) -> None:
    """Read a label file with a valid schema."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schema.toml").write_text(
            'image_column = "file"\ngroup_column = "who"\nmaps = "."\nparts = ["hem"]\n'
            '[[attributes]]\nname = "coat"\nclasses = ["open", "closed"]\n'
        )
        for file in ("a.png", "a_hem.png", "b.png"):
            (folder / file).touch()
        (folder / "a.csv").write_bytes(data)
        with refusing():
            read_dataset(folder)


def image(data: bytes) -> None:
    """Decode an image."""
    with refusing():
        read_image(data)


def manifest(data: bytes) -> None:
    """Read a manifest, and a model with it."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "manifest.json").write_bytes(data)
        for read in (read_manifest, load_taste, load_traits):
            with refusing():
                read(Path(name))


def store(data: bytes) -> None:
    """Load a model with changed bytes and matching hashes.

    The first two bytes choose a model and a file of it; then come positions (two bytes) and values.
    A value after position 65535 truncates the file instead.
    """
    if len(data) < 2:
        return
    kind = ("taste", "traits")[data[0] % 2]
    file = _FILES[kind][data[1] % len(_FILES[kind])]
    content = bytearray((MODELS / kind / file).read_bytes())
    for at in range(2, len(data) - 2, 3):
        place = int.from_bytes(data[at : at + 2])
        if place == 0xFFFF:
            del content[len(content) * data[at + 2] // 256 :]
        elif content:
            content[place % len(content)] = data[at + 2]
    with changed_model(kind, {file: bytes(content)}) as path, refusing():
        (load_taste if kind == "taste" else load_traits)(path)


@contextmanager
def changed_model(kind: str, files: dict[str, bytes]) -> Iterator[Path]:
    """Copy a model with changed files and matching hashes."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "model"
        path.mkdir()
        for file in _FILES[kind]:
            (path / file).write_bytes(files.get(file, (MODELS / kind / file).read_bytes()))
        if "manifest.json" not in files:
            document = json.loads((path / "manifest.json").read_bytes())
            for file, content in files.items():
                document["files"][file] = hashlib.sha256(content).hexdigest()
            (path / "manifest.json").write_text(json.dumps(document))
        yield path


TARGETS: dict[str, Callable[[bytes], None]] = {
    "ratings": ratings,
    "schema": schema,
    "labels": labels,
    "image": image,
    "manifest": manifest,
    "store": store,
}
