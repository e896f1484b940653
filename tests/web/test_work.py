from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest

from lacunar.web.work import Busy, TooSlow, WorkPool


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What holds work up until it is set; set in the end, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


def _until(condition: object) -> None:
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never came")


def test_work_runs_in_another_thread_and_answers() -> None:
    async def ask() -> tuple[int, int]:
        return await pool.run(lambda a, b: (threading.get_ident(), a + b), 1, b=2)

    pool = WorkPool(workers=1, queue=0, timeout_s=5)
    thread, total = asyncio.run(ask())
    assert thread != threading.get_ident()
    assert total == 3
    assert pool.held == 0


def test_an_error_comes_back_and_frees_the_place() -> None:
    pool = WorkPool(workers=1, queue=0, timeout_s=5)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(pool.run(lambda: 1 // 0))
    _until(lambda: pool.held == 0)


def test_no_more_than_workers_and_queue_are_held(gate: threading.Event) -> None:
    async def ask() -> list[object]:
        asked = [asyncio.create_task(pool.run(gate.wait)) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert pool.full
        gate.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    pool = WorkPool(workers=2, queue=1, timeout_s=5)
    answers = asyncio.run(ask())
    assert [answer is True for answer in answers] == [True, True, True, False, False]
    refused = answers[3]
    assert isinstance(refused, Busy)
    assert (refused.status_code, refused.headers) == (503, {"Retry-After": "2"})
    _until(lambda: not pool.full)


def test_only_so_many_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1

    async def ask() -> None:
        await asyncio.gather(*(pool.run(work) for _ in range(8)))

    pool = WorkPool(workers=2, queue=20, timeout_s=5)
    asyncio.run(ask())
    assert most == 2


def test_slow_work_is_given_up_but_still_counts(gate: threading.Event) -> None:
    pool = WorkPool(workers=1, queue=0, timeout_s=0.05)
    with pytest.raises(TooSlow) as refused:
        asyncio.run(pool.run(gate.wait))
    assert refused.value.status_code == 504
    assert pool.full
    gate.set()
    _until(lambda: pool.held == 0)


def test_nobody_is_told_of_an_error_after_the_time(
    gate: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_late() -> None:
        gate.wait()
        raise ZeroDivisionError

    async def ask() -> None:
        with pytest.raises(TooSlow):
            await pool.run(fail_late)
        gate.set()
        while pool.held:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

    pool = WorkPool(workers=1, queue=0, timeout_s=0.05)
    asyncio.run(ask())
    gc.collect()
    assert not caplog.records


def test_work_nobody_waits_for_is_not_begun(gate: threading.Event) -> None:
    begun = threading.Event()

    async def ask() -> None:
        first = asyncio.create_task(pool.run(gate.wait))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(pool.run(begun.set))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert pool.held == 1
        gate.set()
        await first

    pool = WorkPool(workers=1, queue=1, timeout_s=5)
    asyncio.run(ask())
    assert not begun.is_set()


def test_a_closed_pool_takes_no_work() -> None:
    pool = WorkPool(workers=1, queue=0, timeout_s=5)
    pool.close()
    with pytest.raises(RuntimeError):
        asyncio.run(pool.run(int))
    assert pool.held == 0
