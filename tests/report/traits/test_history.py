from __future__ import annotations

from dataclasses import replace

import pytest

from lacunar.report.traits.history import training_history
from lacunar.report.traits.page import traits_report
from lacunar.traits.model import TraitsModel
from lacunar.traits.training.history import kept_epoch


def test_each_epoch_is_a_row_and_the_kept_one_is_marked(people_model: TraitsModel) -> None:
    found = training_history(people_model)
    kept = kept_epoch(people_model.history, people_model.config).epoch
    assert found["best"] == kept
    rows = found["total"]["table"].rows
    marked = [f"{n} (kept)" if n == kept else str(n) for n in range(1, 4)]
    assert [str(row[0]) for row in rows] == marked


def test_of_folds_the_means_are_shown_and_the_last_epoch_kept(folded_model: TraitsModel) -> None:
    found = training_history(folded_model)
    assert found["best"] == 3
    for output, name in zip(found["outputs"], folded_model.schema.names, strict=True):
        losses = [float(row[2].striptags()) for row in output["table"].rows]
        means = [
            sum(history[epoch].validation.losses[name] for history in folded_model.histories) / 3
            for epoch in range(3)
        ]
        assert losses == pytest.approx(means, abs=6e-4)


def test_no_epoch_is_marked_where_each_network_kept_its_own(people_model: TraitsModel) -> None:
    [history] = people_model.histories
    several = replace(people_model, histories=(history, history[:1]))
    found = training_history(several)
    assert found["best"] is None
    assert not any("kept" in str(row[0]) for row in found["total"]["table"].rows)
    assert "Each network kept its own." in found["total"]["figure"]
    page = traits_report(several)
    assert "kept its own epoch, the one in which its loss on these was lowest: epoch" in page
    assert "each network kept its own best epoch" in page
