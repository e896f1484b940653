"""How processes find each other and wait for each other, by notes that all of them see.

A message of PyTorch that nobody answers is given up after a while, which has to be short for lost
machines to be noticed. Reading and decoding may take one machine hours longer than another: who
waits for that reads notes, and hears by them that the others live.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

MEETING = timedelta(minutes=10)
# A process that is only slow, say for want of memory, still gets to say so within minutes.
_BEAT_SECONDS, _SILENCE_SECONDS = 10.0, 300.0
_POLL_SECONDS = 0.05


def agree_on_name(store: Any, rank: int, size: int) -> str:
    """Agree on a name for this meeting that no earlier one had, whose notes may still be there.

    Parameters
    ----------
    store : torch.distributed.Store
    rank, size : int

    Raises
    ------
    RuntimeError
        If some process does not come.
    """
    if rank:
        own = secrets.token_hex(8)
        store.set(f"hello/{rank}", own)
        store.wait([f"welcome/{own}"], MEETING)
        name = str(store.get(f"welcome/{own}").decode())
        store.set(f"here/{name}/{rank}", "")
        return name
    name = secrets.token_hex(8)
    absent, end = list(range(1, size)), time.monotonic() + MEETING.total_seconds()
    while absent:
        for other in absent:
            # Those of a process that is gone are answered in vain, until its successor writes.
            if store.check([f"hello/{other}"]):
                store.set(f"welcome/{store.get(f'hello/{other}').decode()}", name)
        absent = [other for other in absent if not store.check([f"here/{name}/{other}"])]
        if time.monotonic() > end:
            raise RuntimeError(f"{size - len(absent)} of them")
        time.sleep(_POLL_SECONDS)
    return name


@contextmanager
def beating(store: Any, rank: int) -> Iterator[None]:
    """Let the others hear that this process lives, whatever it is busy with.

    Parameters
    ----------
    store : torch.distributed.Store
    rank : int
        Of this process.
    """
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.is_set():
                store.add(f"beats/{rank}", 1)
                over.wait(_BEAT_SECONDS)
        except RuntimeError:
            return  # whoever held the notes is gone, as this process will find itself

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        # Not for ever: a note to a machine that is gone may never be answered.
        thread.join(timeout=5)


def note_failure(store: Any, rank: int) -> bool:
    """Note that this process fails.

    Parameters
    ----------
    store : torch.distributed.Store
    rank : int
        Of this process.

    Returns
    -------
    bool
        Whether it is the first to.
    """
    return bool(store.compare_set("failed", "", str(rank)) == str(rank).encode())


def wait_for_all(store: Any, rank: int, size: int) -> None:
    """Wait until all processes have called this as often, while they live and none has failed.

    Parameters
    ----------
    store : torch.distributed.Store
    rank, size : int

    Raises
    ------
    RuntimeError
        If a process has failed or is silent, or the store is gone.
    """
    visit = store.add(f"visits/{rank}", 1)
    store.set(f"visit/{visit}/{rank}", "")
    all_here = [f"visit/{visit}/{other}" for other in range(size)]
    heard, since = [-1] * size, [time.monotonic()] * size
    listening = 0.0
    while not store.check(all_here):
        if store.check(["failed"]):
            raise RuntimeError(f"process {int(store.get('failed')) + 1} of {size} failed")
        now = time.monotonic()
        if now >= listening:
            listening = now + _BEAT_SECONDS
            for other in range(size):
                beats = store.add(f"beats/{other}", 0)
                if beats != heard[other]:
                    heard[other], since[other] = beats, now
                elif now - since[other] > _SILENCE_SECONDS:
                    raise RuntimeError(f"process {other + 1} of {size} is silent")
        time.sleep(_POLL_SECONDS)
