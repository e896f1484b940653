from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.reading import read_ratings


def test_the_fingerprint_changes_with_any_rating(write_csv: Callable[..., Path]) -> None:
    prints = {
        fingerprint(read_ratings(write_csv(*rows)))
        for rows in (["1,1,4.0,3"], ["1,1,4.5,3"], ["1,2,4.0,3"], ["2,1,4.0,3"], ["1,1,4.0,4"])
    }
    assert len(prints) == 5
    assert fingerprint(read_ratings(write_csv("1,1,4.0,3"))) in prints
