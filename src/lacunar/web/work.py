"""Heavy work in few threads, with a short queue before them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from lacunar.web.problems import Refusal

P = ParamSpec("P")
T = TypeVar("T")


class Busy(Refusal):
    """All threads work and the queue is full."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "Busy",
            "The server has as much to do as it takes on; ask again in a moment.",
            {"Retry-After": "2"},
            reason="busy",
        )


class TooSlow(Refusal):
    """The work took longer than one answer may take."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            504,
            "Too slow",
            f"The answer took more than {timeout_s:g} seconds; ask for less.",
            reason="slow-work",
        )


class WorkPool:
    """Threads for work that would make others wait.

    Work that outlasts its time goes on in its thread, as threads cannot be stopped, and counts
    until it ends, so that never more than ``workers + queue`` jobs are held.

    Parameters
    ----------
    workers : int
        Jobs at once.
    queue : int
        Jobs that may wait.
    timeout_s : float
        How long one job may take, its wait included.

    Examples
    --------
    >>> pool = WorkPool(workers=1, queue=4, timeout_s=10)
    >>> asyncio.run(pool.run(sum, [1, 2]))
    3
    >>> pool.close()
    """

    def __init__(self, workers: int, queue: int, timeout_s: float) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="lacunar-work")
        self._most = workers + queue
        self._timeout_s = timeout_s
        self._held = 0
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Jobs that run or wait."""
        return self._held

    @property
    def full(self) -> bool:
        """Whether the next job would be refused."""
        return self._held >= self._most

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work(*args, **kwargs)`` in a thread and wait for it.

        Raises
        ------
        Busy
            If the queue is full.
        TooSlow
            If the time is over.
        """
        with self._lock:
            if self.full:
                raise Busy
            self._held += 1
        try:
            job = self._threads.submit(work, *args, **kwargs)
        except BaseException:
            self._release(None)
            raise
        job.add_done_callback(self._release)
        waiting = asyncio.wrap_future(job)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self._timeout_s)
            if not done:
                raise TooSlow(self._timeout_s)
            return waiting.result()
        finally:
            # Whoever asked may be gone: work that has not begun shall not begin, and nobody hears
            # what becomes of work that has.
            job.cancel()
            waiting.cancel()

    def close(self) -> None:
        """Take no more work and forget what waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _release(self, job: Future[T] | None) -> None:
        del job
        with self._lock:
            self._held -= 1
