"""Rendezvous of processes, simulated by threads that share a store."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lacunar.traits.training import rendezvous
from lacunar.traits.training.rendezvous import agree_on_name, beating, note_failure, wait_for_all

torch = pytest.importorskip("torch")
from torch.distributed import HashStore  # noqa: E402 - after what skips without it


def test_a_rendezvous_ignores_keys_of_an_earlier_one() -> None:
    store = HashStore()
    names = []
    for _ in range(2):
        with ThreadPoolExecutor(3) as pool:
            first = pool.submit(agree_on_name, store, 0, 3)
            # The first has answered old notes before the others write theirs.
            time.sleep(0.1)
            others = [pool.submit(agree_on_name, store, rank, 3) for rank in (1, 2)]
            names.append({meeting.result(timeout=20) for meeting in (first, *others)})
    assert [len(found) for found in names] == [1, 1]
    assert names[0] != names[1]


def test_a_slow_process_is_waited_for_while_it_sends_heartbeats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendezvous, "_BEAT_SECONDS", 0.05)
    monkeypatch.setattr(rendezvous, "_SILENCE_SECONDS", 2.0)
    store, ready = HashStore(), []

    def work(rank: int, seconds: float) -> list[int]:
        for _ in range(2):
            with beating(store, rank):
                time.sleep(seconds)
                ready.append(rank)
                wait_for_all(store, rank, 3)
        return ready[:]

    with ThreadPoolExecutor(3) as pool:
        seen = list(pool.map(work, range(3), (0, 4.0, 0.1)))
    assert all(len(found) == 6 for found in seen)
    assert sorted(ready[:3]) == sorted(ready[3:]) == [0, 1, 2]


def test_a_process_without_heartbeats_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "_BEAT_SECONDS", 0.05)
    monkeypatch.setattr(rendezvous, "_SILENCE_SECONDS", 2.0)
    store = HashStore()
    with beating(store, 1):
        pass
    with (
        beating(store, 0),
        beating(store, 2),
        pytest.raises(RuntimeError, match="process 2 of 3 is silent"),
    ):
        wait_for_all(store, 0, 3)


def test_no_process_waits_for_one_that_failed() -> None:
    store = HashStore()
    assert note_failure(store, 2)
    assert not note_failure(store, 1)
    with pytest.raises(RuntimeError, match="process 3 of 3 failed"):
        wait_for_all(store, 0, 3)


def test_a_lost_store_ends_waiting_and_heartbeats() -> None:
    class Gone(HashStore):
        def check(self, names: list[str]) -> bool:
            raise RuntimeError("connection closed")

        def add(self, name: str, by: int) -> int:
            if name.startswith("beats"):
                raise RuntimeError("connection closed")
            return 1

    store = Gone()
    with beating(store, 0), pytest.raises(RuntimeError, match="connection closed"):
        wait_for_all(store, 0, 2)
