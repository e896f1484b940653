from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lacunar.traits.blocks import blocks, in_order


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
