"""The runs that `kill.py` kills: their data, work and results. Importing starts nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np

from lacunar.datasets import movielens
from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.datasets.tastes.sample import sample_tastes, write_sample
from lacunar.store.taste import load_taste, save_taste
from lacunar.store.traits import load_traits, save_traits
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.fit import fit_traits, remove_checkpoints

Tell = Callable[[], object]
_MEMBERS = ("movies.csv", "ratings.csv")
_CHUNK_BYTES, _CHUNK_SECONDS = 20_000, 0.005


class Kind:
    """A kind of run. It replaces ``result``, and comes in two variants, 0 and 1."""

    name = ""
    place = "model"

    def __init__(self, folder: Path, address: str) -> None:
        self.data, self.folder, self.address = folder / "data", folder / "work", address

    @property
    def path(self) -> Path:
        return self.folder / self.place

    def make(self) -> None:
        """Generate the data."""
        self.data.mkdir(parents=True)
        self.folder.mkdir()

    def prepare(self, variant: int) -> None:
        """Get ready for a run."""

    def run(self, variant: int, writes: Tell) -> None:
        """Run, and call `writes` just before the result is written."""
        raise NotImplementedError

    def load(self) -> None:
        """Load the result, old or new."""
        raise NotImplementedError

    def result(self) -> str:
        """Identity of the result: SHA-256 of every file in it."""
        files = sorted(self.path.iterdir())
        digests = (file.name + hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def beside(self) -> list[str]:
        """Names of other files next to the result."""
        return sorted(path.name for path in self.folder.iterdir() if path != self.path)


class TasteFit(Kind):
    """From a ratings log to a saved model."""

    name = "taste fit"

    def make(self) -> None:
        super().make()
        write_sample(sample_tastes(n_users=60, n_movies=120, seed=1), self.data)

    def run(self, variant: int, writes: Tell) -> None:
        config = TasteConfig(min_components=2, max_components=2, n_seeds=2, seed=variant)
        model = fit_taste(read_ratings(self.data), config)
        writes()
        save_taste(model, self.path, force=True)

    def load(self) -> None:
        load_taste(self.path)


class Save(TasteFit):
    """A model that is there, saved again."""

    name = "save"

    def make(self) -> None:
        super().make()
        for variant in (0, 1):
            super().run(variant, lambda: None)
            self.path.rename(self.data / f"model-{variant}")

    def run(self, variant: int, writes: Tell) -> None:
        model = load_taste(self.data / f"model-{variant}")
        writes()
        save_taste(model, self.path, force=True)


class TraitsFit(Kind):
    """From images to a saved model, through a cache and checkpoints."""

    name = "traits fit"

    def make(self) -> None:
        super().make()
        write_people(sample_people(n_train=12, n_test=6, seed=3), self.data)

    def run(self, variant: int, writes: Tell) -> None:
        train, test = read_layout(self.data)
        config = TraitsConfig(
            height=24, width=16, filters=4, batch=6, max_epochs=2, folds=2, refit=0, device="cpu",
            start="random", seed=variant,
        )  # fmt: skip
        folders = {"cache_dir": self.data / "cache", "checkpoint_dir": self.data / "checkpoint"}
        model = fit_traits(train, config, test=test, workers=1, **folders)
        writes()
        save_traits(model, self.path, force=True)
        remove_checkpoints(folders["checkpoint_dir"])

    def load(self) -> None:
        load_traits(self.path)

    def beside(self) -> list[str]:
        left = [path.name for path in self.data.rglob("*.part")]
        left += ["checkpoint"] if (self.data / "checkpoint").exists() else []
        return super().beside() + left


class Cache(Kind):
    """Images decoded into arrays."""

    name = "cache"
    place = "cache"

    def make(self) -> None:
        super().make()
        write_people(sample_people(n_train=80, n_test=1, seed=3), self.data)
        self.path.mkdir()

    def prepare(self, variant: int) -> None:
        # The run builds the array of this variant; that of the other one stays.
        self._forget(variant)

    def run(self, variant: int, writes: Tell) -> None:
        writes()
        self._read(variant)

    def load(self) -> None:
        for variant in (0, 1):
            self._read(variant)

    def result(self) -> str:
        """Check every array that has a list of hashes, which is written last, against them."""
        for manifest in self.path.glob("*/manifest.json"):
            for name, expected in json.loads(manifest.read_bytes()).items():
                content = (manifest.parent / name).read_bytes()
                if hashlib.sha256(content).hexdigest() != expected:
                    return f"another {name}"
        return "whole arrays"

    def beside(self) -> list[str]:
        return super().beside() + [path.name for path in self.path.rglob(".*")]

    def _read(self, variant: int) -> None:
        images = load_images(
            read_layout(self.data)[0], height=100 + 20 * variant, width=60, cache_dir=self.path
        )
        found = hashlib.sha256(images.read(np.arange(len(images))).tobytes()).hexdigest()
        known = self.data / f"digest-{variant}"
        if not known.exists():
            known.write_text(found)
        elif found != known.read_text():
            raise ValueError(f"expected the array {known.read_text()}, got {found}")

    def _forget(self, variant: int) -> None:
        for folder in self.path.iterdir():
            pixels = folder / "pixels.npy"
            if pixels.is_file() and np.load(pixels, mmap_mode="r").shape[1] == 100 + 20 * variant:
                shutil.rmtree(folder)


class Download(Kind):
    """A zip file from a slow server into a directory."""

    name = "download"
    place = "data-set"

    def run(self, variant: int, writes: Tell) -> None:
        # The end of the download is not reported, so all of it counts as writing.
        writes()
        movielens.fetch(f"served-{variant}", self.path, base_url=self.address, force=True)

    def load(self) -> None:
        assert sorted(file.name for file in self.path.iterdir()) == list(_MEMBERS)


KINDS = {kind.name: kind for kind in (TasteFit, TraitsFit, Save, Cache, Download)}


class _Slow(SimpleHTTPRequestHandler):
    """Serves files slowly."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        while chunk := source.read(_CHUNK_BYTES):
            outputfile.write(chunk)
            time.sleep(_CHUNK_SECONDS)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve two data sets in a separate process; yield the address."""
    folder.mkdir()
    for variant in (0, 1):
        rng = np.random.default_rng(variant)
        with zipfile.ZipFile(folder / f"served-{variant}.zip", "w") as file:
            for member in _MEMBERS:
                file.writestr(f"served-{variant}/{member}", rng.bytes(500_000))
        body = (folder / f"served-{variant}.zip").read_bytes()
        movielens.DATASETS[f"served-{variant}"] = movielens.Archive(
            description="made up", licence="free", size=len(body), members=_MEMBERS,
            sha256=hashlib.sha256(body).hexdigest(), unpacked_limit=2_000_000,
        )  # fmt: skip
    with HTTPServer(("127.0.0.1", 0), partial(_Slow, directory=str(folder))) as server:
        child = os.fork()
        if child == 0:
            # A killed client leaves a broken pipe, which needs no report.
            server.handle_error = lambda *_: None  # type: ignore[method-assign]  # of this process alone
            server.serve_forever()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
