"""Work on many files, block by block: in parallel, in order, with little of it in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

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
