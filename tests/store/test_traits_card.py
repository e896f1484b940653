from __future__ import annotations

from dataclasses import replace

import pytest

from lacunar.store.traits_card import model_card
from lacunar.traits.model import TraitsModel
from lacunar.traits.networks.pretrained import Start


@pytest.fixture
def card(people_model: TraitsModel) -> str:
    return model_card(people_model)


def test_it_counts_images_and_gaps(card: str, people_model: TraitsModel) -> None:
    unknown = sum(int(label[0]) for counts in people_model.counts.values() for label in counts)
    assert "36 images (18 train, 6 validation, 12 test)" in card
    assert f"{unknown} of 216 labels" in card
    assert people_model.fingerprint in card


def test_every_class_of_every_part_is_counted(card: str, people_model: TraitsModel) -> None:
    for position, attribute in enumerate(people_model.schema.attributes):
        for row, name in enumerate(("*unknown*", *attribute.classes)):
            cells = [str(counts[position][row]) for counts in people_model.counts.values()]
            assert f"| {attribute.name} | {name} | {' | '.join(cells)} |" in card


def test_every_score_stands_beside_the_largest_class(card: str, people_model: TraitsModel) -> None:
    found = people_model.evaluations["test"]
    line = next(line for line in card.splitlines() if line.startswith("| leg_type | 0"))
    assert f"| {found.scores[3, 0]:.3f} (" in line
    assert f"| {found.baseline[3, 0]:.3f} |" in line
    assert card.index("Scores: test") < card.index("Scores: validation")


def test_whether_validation_chose_the_epoch_is_told_of_the_schedule(
    card: str, people_model: TraitsModel
) -> None:
    assert "but chose the epoch" in card
    assert "the one with the lowest validation loss" in card
    config = people_model.config.model_copy(update={"schedule": "one-cycle"})
    last = model_card(replace(people_model, config=config))
    assert "the validation images, which were not used for training." in last
    assert "but chose the epoch" not in last
    assert "the one with the lowest validation loss" not in last


def test_figures_of_no_label_are_none(people_model: TraitsModel) -> None:
    found = people_model.evaluations["test"]
    blank = replace(found, confusions=(found.confusions[0] * 0, *found.confusions[1:]))
    card = model_card(replace(people_model, evaluations={"test": blank}))
    assert "| gender | none | none | none | none | 0 |" in card


def test_it_says_what_it_is_not_for(card: str) -> None:
    assert "no decision about anybody may rest on an answer" in " ".join(card.split())
    assert "Learned from fewer than 10 labels" in card


def test_it_says_what_weights_started_from(people_model: TraitsModel, card: str) -> None:
    assert "Weights started from chance." in card
    start = Start("pedestrians", "0" * 64, ("gender", "luggage"))
    known = model_card(replace(people_model, start=start))
    assert "from `pedestrians`" in known
    assert start.digest in known
    assert "they could tell gender, luggage." in known


def test_where_each_network_kept_its_own_epoch_that_is_told(people_model: TraitsModel) -> None:
    [history] = people_model.histories
    card = model_card(replace(people_model, histories=(history, history[:1])))
    assert "Each network kept its epoch of the lowest validation loss: epoch" in card
    assert f"of {len(history)}, the one with" not in card
