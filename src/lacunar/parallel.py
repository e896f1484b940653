"""Pieces of work side by side, without libraries' own threads fighting for the same cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from lacunar.aliases import no_progress

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def one_blas_thread() -> AbstractContextManager[Any]:
    """Keep BLAS to one thread.

    Examples
    --------
    >>> with one_blas_thread():
    ...     pass
    """
    # Finding the libraries reads the process's memory map, which takes longer than small work.
    limited: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limited


def in_threads(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    *,
    n_threads: int | None = None,
    progress: Callable[[int, int], None] = no_progress,
) -> list[Result]:
    """Do work on every piece, as many at once as there are cores.

    Parameters
    ----------
    work : callable
        Spends its time where Python lets go of its lock, as NumPy and SciPy do.
    pieces : sequence
    n_threads : int, optional
        So many pieces at once instead.
    progress : callable
        Called with (pieces done, pieces in all) as results come, in the order of the pieces.

    Returns
    -------
    results : list
        In the order of the pieces.

    Examples
    --------
    >>> in_threads(len, ["a", "bc"])
    [1, 2]
    """
    if len(pieces) == 1:
        only = work(pieces[0])
        progress(1, 1)
        return [only]
    results: list[Result] = []
    with one_blas_thread(), ThreadPoolExecutor(n_threads or os.cpu_count()) as pool:
        for result in pool.map(work, pieces):
            results.append(result)
            progress(len(results), len(pieces))
    return results


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


T = TypeVar("T")
R = TypeVar("R")

_BLOCK = 64


def blocks(n: int, size: int = _BLOCK) -> list[range]:
    """Cut 0 to n into ranges of one size, the last maybe shorter.

    Examples
    --------
    >>> blocks(5, 2)
    [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def in_order(pool: Executor, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results in the order of the items, few of them ahead, so that memory stays small.

    Parameters
    ----------
    pool : Executor
    function : callable
        What it raises for an item is raised in the turn of that item.
    items : iterable
        Taken as the results are: at most two per processor wait, and one more.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool:
    ...     list(in_order(pool, str.upper, ["a", "b", "c"]))
    ['A', 'B', 'C']
    """
    ahead: deque[Future[R]] = deque()
    for item in items:
        ahead.append(pool.submit(function, item))
        if len(ahead) > 2 * (os.cpu_count() or 1):
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()
