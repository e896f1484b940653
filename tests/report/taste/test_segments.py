from __future__ import annotations

import numpy as np

from lacunar.report.tables import Table
from lacunar.report.taste.segments import choosing_k, segments_in_detail
from lacunar.taste.model import TasteModel


def test_every_k_has_a_row_with_its_votes(model: TasteModel) -> None:
    found = choosing_k(model)["frequency_table"]
    assert isinstance(found, Table)
    assert len(found.rows) == len(model.fit_grid.n_components)
    votes = model.fit_grid.k_frequency()
    assert [int(row[1]) for row in found.rows] == [
        votes.get(k, 0) for k in model.fit_grid.n_components
    ]


def test_populations_are_those_of_the_segments(model: TasteModel) -> None:
    found = segments_in_detail(model)["populations"]
    assert isinstance(found, Table)
    shown = [int(row[1].replace(",", "")) for row in found.rows]
    assert shown == model.segments.populations.tolist()
    assert sum(shown) == model.ratings.n_users


def test_each_segment_has_a_part(model: TasteModel) -> None:
    parts = segments_in_detail(model)["parts"]
    assert isinstance(parts, list)
    assert len(parts) == model.segments.n_segments
    assert np.array([part["name"] != "" for part in parts]).all()
