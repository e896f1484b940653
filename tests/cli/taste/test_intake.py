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
    assert "1 repeated row is counted in the shares" in printed
    for text in ("Left out", "no times", "equal ratings"):
        assert text not in printed


def test_replaced_ratings_and_missing_times_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    users, films, stars = [1, 1, 2, 2, 2], [1, 2, 2, 1, 1], [5.0, 4.0, 3.0, 1.0, 2.0]
    log = pa.table({"userId": users, "movieId": films, "rating": stars})
    print_intake(fit_taste(read_ratings(log), TasteConfig(n_seeds=1)))
    printed = " ".join(capsys.readouterr().err.split())
    assert "Ratings have no times: of repeated ratings, the highest is used." in printed
    assert "Left out 1 repeated ratings." in printed
