"""Pieces of work side by side, without libraries' own threads fighting for the same cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from lacunar.progress import say_nothing

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
    progress: Callable[[int, int], None] = say_nothing,
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
