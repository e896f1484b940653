"""Rendezvous, heartbeats and barriers of processes, by keys of a shared store.

Messages of PyTorch have a timeout, which must be short so that lost machines are noticed. But
reading and decoding images may take one machine hours longer than another. So processes wait for
each other with keys of a shared store, and heartbeats show that the others are still running.
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
# A process that is only slow, for example short of memory, still sends a heartbeat in minutes.
_BEAT_SECONDS, _SILENCE_SECONDS = 10.0, 300.0
_POLL_SECONDS = 0.05


def agree_on_name(store: Any, rank: int, size: int) -> str:
    """Agree on a new name for this rendezvous, since keys of earlier ones may still exist.

    Parameters
    ----------
    store : torch.distributed.Store
    rank, size : int

    Raises
    ------
    RuntimeError
        If a process does not arrive in time.
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
            # The key may be of a process that has ended; its successor overwrites it.
            if store.check([f"hello/{other}"]):
                store.set(f"welcome/{store.get(f'hello/{other}').decode()}", name)
        absent = [other for other in absent if not store.check([f"here/{name}/{other}"])]
        if time.monotonic() > end:
            raise RuntimeError(f"{size - len(absent)} of them")
        time.sleep(_POLL_SECONDS)
    return name


@contextmanager
def beating(store: Any, rank: int) -> Iterator[None]:
    """Send heartbeats to the other processes, in a thread.

    Parameters
    ----------
    store : torch.distributed.Store
    rank : int
        Rank of this process.
    """
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.is_set():
                store.add(f"beats/{rank}", 1)
                over.wait(_BEAT_SECONDS)
        except RuntimeError:
            return  # the process that holds the store has ended; the next message raises

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        # With a timeout: a lost machine may never answer.
        thread.join(timeout=5)


def note_failure(store: Any, rank: int) -> bool:
    """Record that this process fails.

    Parameters
    ----------
    store : torch.distributed.Store
    rank : int
        Rank of this process.

    Returns
    -------
    bool
        Whether it is the first process to fail.
    """
    return bool(store.compare_set("failed", "", str(rank)) == str(rank).encode())


def wait_for_all(store: Any, rank: int, size: int) -> None:
    """Wait until all processes have called this equally often.

    Parameters
    ----------
    store : torch.distributed.Store
    rank, size : int

    Raises
    ------
    RuntimeError
        If a process has failed or sends no heartbeat, or the store is lost.
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
