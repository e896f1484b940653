from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.store import load_taste, save_taste
from lacunar.store.directory import read_bundle, write_bundle
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.to_json import recommendations_document, segments_document, user_document


def test_a_loaded_model_says_what_the_fitted_one_said(
    sample_model: TasteModel, tmp_path: Path
) -> None:
    save_taste(sample_model, tmp_path / "m")
    loaded = load_taste(tmp_path / "m")
    assert segments_document(loaded) == segments_document(sample_model)
    for user in range(0, sample_model.ratings.n_users, 17):
        assert user_document(loaded, user) == user_document(sample_model, user)
        assert recommendations_document(loaded, user, ListRequest(k=9)) == (
            recommendations_document(sample_model, user, ListRequest(k=9))
        )
    for field in fields(sample_model.fit_grid):
        found, saved = (getattr(m.fit_grid, field.name) for m in (loaded, sample_model))
        np.testing.assert_array_equal(found, saved)
    assert loaded.config == sample_model.config


def test_saving_twice_gives_the_same_bytes(sample_model: TasteModel, tmp_path: Path) -> None:
    save_taste(sample_model, tmp_path / "a")
    save_taste(load_taste(tmp_path / "a"), tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_the_card_tells_data_gaps_and_choice(sample_model: TasteModel, tmp_path: Path) -> None:
    save_taste(sample_model, tmp_path / "m")
    card = (tmp_path / "m" / "MODEL_CARD.md").read_text()
    assert f"{sample_model.ratings.n_users} users" in card
    assert f"{sample_model.profiles.gap_share:.1%}" in card
    assert sample_model.criterion in card


def test_a_model_with_a_part_missing_gets_one_sentence(
    sample_model: TasteModel, tmp_path: Path
) -> None:
    save_taste(sample_model, tmp_path / "m")
    bundle = read_bundle(tmp_path / "m", kind="taste")
    del bundle.arrays["means"]  # type: ignore[attr-defined]  # a test breaks it on purpose
    write_bundle(tmp_path / "n", bundle)
    with pytest.raises(InputError, match="expected a whole taste model"):
        load_taste(tmp_path / "n")


def test_a_model_of_a_sample_tells_it_and_can_be_read(
    sample_ratings: Ratings, tmp_path: Path
) -> None:
    config = TasteConfig(max_components=2, n_seeds=2, search_users=100, sample_users=90)
    model = fit_taste(sample_ratings, config)
    save_taste(model, tmp_path / "m")
    loaded = load_taste(tmp_path / "m")
    assert loaded.sample_size == 90
    assert segments_document(loaded) == segments_document(model)
    card = (tmp_path / "m" / "MODEL_CARD.md").read_text()
    assert "Learned from a seeded sample of 90 users" in card


def test_a_model_from_before_there_were_samples_saw_everybody(
    sample_model: TasteModel, tmp_path: Path
) -> None:
    save_taste(sample_model, tmp_path / "m")
    bundle = read_bundle(tmp_path / "m", kind="taste")
    for name in ("search_users", "sample_users"):
        del bundle.config[name]
    write_bundle(tmp_path / "n", bundle)
    loaded = load_taste(tmp_path / "n")
    assert loaded.sample_size is None
    assert loaded.config == sample_model.config
    assert "sample" not in (tmp_path / "m" / "MODEL_CARD.md").read_text()
