from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from lacunar.parallel import blocks, in_order, in_threads, one_blas_thread


def blas_threads() -> set[int]:
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


def test_results_come_in_the_order_of_the_items() -> None:
    assert in_threads(lambda n: n * n, list(range(50))) == [n * n for n in range(50)]
    assert in_threads(len, []) == []


@pytest.mark.parametrize("n", [1, 3])
def test_progress_counts_the_items(n: int) -> None:
    calls: list[tuple[int, int]] = []
    in_threads(str, range(n), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, n) for done in range(1, n + 1)]


def test_blas_threads_are_limited_and_then_restored() -> None:
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == before
    assert in_threads(lambda _: blas_threads(), [1, 2]) == [{1}, {1}]
    assert blas_threads() == before


def test_an_error_of_an_item_is_raised() -> None:
    def work(n: int) -> float:
        if n == 3:
            raise ValueError("three")
        return float(np.sqrt(n))

    with pytest.raises(ValueError, match="three"):
        in_threads(work, list(range(6)))


def test_the_given_number_of_threads_runs_at_once() -> None:
    together = Barrier(3, timeout=10)
    assert in_threads(lambda _: together.wait() >= 0, [1, 2, 3], n_threads=3) == [True] * 3


@pytest.mark.parametrize(("n", "size"), [(0, 4), (3, 4), (8, 4), (9, 4)])
def test_blocks_cover_every_number_once(n: int, size: int) -> None:
    found = blocks(n, size)
    assert [i for block in found for i in block] == list(range(n))
    assert all(len(block) == size for block in found[:-1])


def test_results_keep_the_order_whichever_is_done_first() -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    with ThreadPoolExecutor(3) as pool:
        assert list(in_order(pool, slow_first, range(30))) == [item * item for item in range(30)]


def test_few_items_are_taken_ahead_of_the_results() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    with ThreadPoolExecutor(2) as pool:
        assert next(in_order(pool, int, items())) == 0
    assert len(taken) == 2 * (os.cpu_count() or 1) + 1


def test_an_error_comes_in_the_turn_of_its_item() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = in_order(pool, lambda item: 1 // item, [1, 1, 0, 1])
        assert [next(results), next(results)] == [1, 1]
        with pytest.raises(ZeroDivisionError):
            next(results)
