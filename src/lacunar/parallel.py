"""Threads and thread limits: one BLAS thread per worker thread, and results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from lacunar.aliases import StepProgress, no_progress

Item = TypeVar("Item")
Result = TypeVar("Result")

_BLOCK = 64


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread.

    Examples
    --------
    >>> with one_blas_thread():
    ...     pass
    """
    limited: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limited


@cache
def _controller() -> ThreadpoolController:
    # Cached: it reads the memory map of the process, which takes longer than a small task.
    return ThreadpoolController()


def in_threads(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    n_threads: int | None = None,
    progress: StepProgress = no_progress,
) -> list[Result]:
    """Call a function on every item, in threads of one BLAS thread each.

    Parameters
    ----------
    work : callable
        Should spend its time in code that releases Python's lock, such as NumPy and SciPy.
    items : sequence
    n_threads : int, optional
        Defaults to the number of cores.
    progress : callable
        Called with (items done, total items) for each result, in the order of the items.

    Returns
    -------
    results : list
        In the order of the items.

    Examples
    --------
    >>> in_threads(len, ["a", "bc"])
    [1, 2]
    """
    if len(items) == 1:
        result = work(items[0])
        progress(1, 1)
        return [result]
    results: list[Result] = []
    with one_blas_thread(), ThreadPoolExecutor(n_threads or os.cpu_count()) as pool:
        for result in pool.map(work, items):
            results.append(result)
            progress(len(results), len(items))
    return results


def in_order(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield results in the order of the items, with few items in flight to limit memory.

    Parameters
    ----------
    pool : Executor
    function : callable
        An exception is raised when the result of its item is due.
    items : iterable
        Read as results are taken: at most two items per core, and one more, are in flight.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool:
    ...     list(in_order(pool, str.upper, ["a", "b", "c"]))
    ['A', 'B', 'C']
    """
    ahead: deque[Future[Result]] = deque()
    for item in items:
        ahead.append(pool.submit(function, item))
        if len(ahead) > 2 * (os.cpu_count() or 1):
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def blocks(n: int, size: int = _BLOCK) -> list[range]:
    """Split 0 to n - 1 into ranges of one size; the last may be shorter.

    Examples
    --------
    >>> blocks(5, 2)
    [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [range(start, min(start + size, n)) for start in range(0, n, size)]
