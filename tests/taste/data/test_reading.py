from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lacunar.taste.data import reading
from lacunar.taste.data.reading import read_ratings


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_repeated_ratings_are_found_across_batches(
    write_csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(reading, "_ROWS_PER_BATCH", at_once)
    rows = [f"1,{film},{stars},{time}" for film in (1, 2) for time, stars in enumerate((5, 1, 3))]
    directory = write_csv(*rows, "2,2,4.0,9")
    found = read_ratings(directory)
    assert found.log.to_pydict() == {
        "user": [0, 0, 1],
        "item": [0, 1, 1],
        "rating": [3.0, 3.0, 4.0],
        "timestamp": [2, 2, 9],
    }
    assert found.intake.repeated == 4
