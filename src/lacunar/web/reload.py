"""New models of a running server: their files are watched, and a new model replaces the old one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI

from lacunar.errors import InputError
from lacunar.files.directory_swap import content_path
from lacunar.store.manifest import MANIFEST
from lacunar.store.taste import load_taste
from lacunar.web.state import AppState, with_taste, with_traits
from lacunar.web.traits_service import TraitsService

_SECONDS = 1.0
# Device, inode, time and size of a file.
_Stamp = tuple[int, int, int, int]


@dataclass
class WatchedModel:
    """The files of a served model; make it before the model is loaded.

    Parameters
    ----------
    kind : str
        ``taste`` or ``traits``, for messages.
    path : Path
        A model directory, or a file.
    renew : callable
        Returns a state with the model that is at the path now.
    """

    kind: str
    path: Path
    renew: Callable[[AppState], AppState]
    _seen: _Stamp | None = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._stamp()

    def has_changed(self) -> bool:
        """Whether there is another file than at the last call."""
        stamp = self._stamp()
        changed = stamp is not None and stamp != self._seen
        if changed:
            self._seen = stamp
        return changed

    def _stamp(self) -> _Stamp | None:
        place = content_path(self.path)
        try:
            status = (place / MANIFEST if place.is_dir() else place).stat()
        except OSError:  # nothing is there, perhaps for a moment
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def watched_taste(path: Path) -> WatchedModel:
    """Watch a directory of a taste model."""
    return WatchedModel("taste", path, lambda state: with_taste(state, load_taste(path)))


def watched_traits(path: Path) -> WatchedModel:
    """Watch a directory or ONNX file of a traits model that is served without an audit."""
    return WatchedModel("traits", path, lambda state: with_traits(state, TraitsService.load(path)))


class ModelWatch:
    """Replaces the models of an app when their files change.

    A new model is loaded in a thread while the old one answers. Then the state of the app is
    swapped at once: a request has one state from its first line to its last. A model that cannot be
    loaded is refused with one message, until its files change again.

    Parameters
    ----------
    app : FastAPI
    models : sequence of WatchedModel
    say : callable
        Called with a line for each model that is taken or refused.
    """

    def __init__(
        self, app: FastAPI, models: Sequence[WatchedModel], say: Callable[[str], None]
    ) -> None:
        self._app = app
        self._models = models
        self._say = say
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._asked = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look for new models every second during the block, in a thread."""
        thread = threading.Thread(target=self._run, name="lacunar-models", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._wake.set()

    def reload(self, *_: object) -> None:
        """Load all models again soon, also without a change; a handler of signals."""
        self._asked = True
        self._wake.set()

    def check(self, *, every: bool = False) -> None:
        """Load the models whose files have changed, or every one."""
        for model in self._models:
            if model.has_changed() or every:
                self._renew(model)

    def _renew(self, model: WatchedModel) -> None:
        try:
            self._app.state.lacunar = model.renew(self._app.state.lacunar)
        except InputError as error:
            self._say(f"Kept the old {model.kind} model: {error}")
        except Exception as error:
            reason = " ".join(str(error).split())
            self._say(f"Kept the old {model.kind} model: {type(error).__name__}: {reason}")
        else:
            self._say(f"Took the new {model.kind} model of {model.path}")

    def _run(self) -> None:
        self._wake.wait(_SECONDS)
        while not self._stop.is_set():
            self._wake.clear()
            asked, self._asked = self._asked, False
            self.check(every=asked)
            self._wake.wait(_SECONDS)
