from __future__ import annotations

import pyarrow as pa
import pytest

from lacunar.cli.taste.intake import print_intake
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste


def test_the_notes_of_a_fit_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    likes = pa.table({"userId": [1, 1, 2, 2, 3, 3], "movieId": [1, 2, 2, 3, 1, 1]})
    model = fit_taste(read_ratings(likes), TasteConfig(n_seeds=1))
    print_intake(model)
    printed = " ".join(capsys.readouterr().err.split())
    assert printed.startswith(
        "Read 5 ratings of 3 films by 3 users; 0.0% of the user x genre cells"
    )
    assert "(gaps: keep; view: shares)" in printed
    assert all(note in printed for note in model.notes)
    assert "Left out 1 repeated ratings." in printed
    assert "equal ratings" not in printed
