"""A thread pool with a bounded queue for heavy work."""

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
    """The queue for heavy work is full."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "Busy",
            "The server is busy; try again in a few seconds.",
            {"Retry-After": "2"},
            reason="busy",
        )


class TooSlow(Refusal):
    """A job took too long."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            504,
            "Too slow",
            f"The answer took more than {timeout_s:g} seconds; request less.",
            reason="slow-work",
        )


class WorkPool:
    """Threads for work that would block other requests.

    Threads cannot be stopped, so a job that times out runs on to its end. It counts until then:
    there are never more than ``workers + queue`` jobs.

    Parameters
    ----------
    workers : int
        Jobs that run at the same time.
    queue : int
        Jobs that may wait.
    timeout_s : float
        Time limit of a job, including its wait.

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
            If the job takes longer than the time limit.
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
            # The client may have left: a job that waits is cancelled, and the result of a job that
            # runs is dropped.
            job.cancel()
            waiting.cancel()

    def close(self) -> None:
        """Accept no more jobs and cancel those that wait."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _release(self, job: Future[T] | None) -> None:
        del job
        with self._lock:
            self._held -= 1
