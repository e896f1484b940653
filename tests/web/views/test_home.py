from __future__ import annotations

from dataclasses import replace

from lacunar.taste.model import TasteModel
from lacunar.web.traits_service import TraitsService
from lacunar.web.views.home import taste_card, traits_card


def test_a_taste_model_is_told_in_figures(sample_model: TasteModel) -> None:
    card = taste_card(sample_model)
    assert ("120", "users") in card.figures
    assert card.parts == sample_model.segments.names
    assert f"{sample_model.criterion}." in card.notes
    assert [href for href, _ in card.links] == ["/taste", "/taste/try"]


def test_a_traits_model_is_told_in_figures(traits_service: TraitsService) -> None:
    card = traits_card(traits_service)
    assert ("18", "training images") in card.figures
    assert len(card.parts) == len(traits_service.schema.names)
    assert not [name for name in card.parts if "_" in name]
    assert "No decision about a person" in card.notes[-1]


def test_a_file_without_its_history_says_so(traits_service: TraitsService) -> None:
    card = traits_card(replace(traits_service, model=None))
    assert card.figures == ((str(len(card.parts)), "attributes"),)
    assert "does not tell what it learned from" in card.notes[0]
