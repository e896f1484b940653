"""Writers of one small model that die, or that write at once; run as a process of its own.

    python tests/crashing.py steps DIRECTORY       kill one before each thing it does to files
    python tests/crashing.py two-steps DIRECTORY   the same where directories cannot be exchanged
    python tests/crashing.py writers DIRECTORY     two that write, while this process reads
    python tests/crashing.py two-step-writers DIRECTORY

Nothing here starts a thread before it forks. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from lacunar.files import directory_swap
from lacunar.store.directory import Bundle, read_bundle, write_bundle

OLD = Bundle(
    kind="test",
    config={"name": "old"},
    fingerprint="f",
    facts={},
    arrays={"x": np.arange(50.0)},
    tables={"t": pa.table({"value": list(range(50))})},
    card="# Card\n",
)
NEW = replace(OLD, config={"name": "new"}, arrays={"x": np.arange(60.0)})
ROUNDS = 60


def named(path: Path) -> str:
    """Which of the models is there, whole; anything else raises."""
    bundle = read_bundle(path, kind="test")
    assert len(bundle.arrays["x"]) == {"old": 50, "new": 60}[bundle.config["name"]]
    return str(bundle.config["name"])


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return child


def die_before(step: int, folder: Path) -> None:
    """Have this process killed before its n-th step that touches a file of a folder."""
    left = step

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if left == 0:
            return  # the kill is a step, too
        if event == "open" or event.startswith(("os.", "ctypes.call")):
            left -= any(str(folder) in str(argument) for argument in arguments)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def every_step(folder: Path) -> dict[str, int]:
    path, found, step = folder / "model", Counter[str](), 0
    while True:
        write_bundle(path, OLD, force=True)
        assert names(folder) == ["model"], "what a killed run left stayed after the next"
        step += 1

        def work(step: int = step) -> None:
            die_before(step, folder)
            write_bundle(path, NEW, force=True)

        _, status = os.waitpid(fork(work), 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return found | {"steps": step - 1}
        found[named(path)] += 1


def writers(folder: Path) -> dict[str, int]:
    path, found = folder / "model", Counter[str]()
    write_bundle(path, OLD)

    def work(first: Bundle, second: Bundle) -> None:
        for n in range(ROUNDS):
            write_bundle(path, (first, second)[n % 2], force=True)

    running = {fork(lambda: work(OLD, NEW)), fork(lambda: work(NEW, OLD))}
    while running:
        found[named(path)] += 1
        for child in tuple(running):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                assert status == 0
                running.remove(child)
    assert names(folder) == ["model"]
    return dict(found)


if __name__ == "__main__":
    kind, place = sys.argv[1], Path(sys.argv[2]).resolve()
    if kind.startswith("two-step"):
        directory_swap._exchange = lambda first, second: False
    print(json.dumps(writers(place) if kind.endswith("writers") else every_step(place)))
