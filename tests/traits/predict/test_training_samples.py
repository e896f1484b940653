from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.training_samples import augmented_samples, draw_samples


def test_each_image_comes_first_as_it_is_then_moved(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    samples = augmented_samples(people_model, people, n_images=4, n_moved=3)
    assert (samples.shape, samples.dtype) == ((4, 4, 40, 24, 3), np.uint8)
    images = load_images(people, height=40, width=24).pixels
    for row in samples:
        assert (images == row[0]).all(axis=(1, 2, 3)).any()
        assert not any(np.array_equal(row[0], moved) for moved in row[1:])


def test_a_seed_draws_the_same_again(people_model: TraitsModel, people: LabelledImages) -> None:
    first, again = (augmented_samples(people_model, people, n_images=2) for _ in range(2))
    assert np.array_equal(first, again)


def test_what_is_drawn_is_what_is_moved(people_model: TraitsModel, people: LabelledImages) -> None:
    rows, pixels = draw_samples(people_model, people, 5)
    images = load_images(people, height=40, width=24).pixels
    assert len(set(rows.tolist())) == 5
    assert np.array_equal(pixels, images[rows])
    assert np.array_equal(pixels, augmented_samples(people_model, people, n_images=5)[:, 0])


def test_without_augmentation_nothing_is_moved(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    config = people_model.config.model_copy(update={"augmentation": None})
    samples = augmented_samples(replace(people_model, config=config), people)
    assert samples.shape == (6, 1, 40, 24, 3)


def test_other_data_than_the_models_are_refused(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    labels = people.labels.copy()
    labels[0, 0] = -1
    with pytest.raises(InputError, match="expected the images and labels that the model was"):
        augmented_samples(people_model, replace(people, labels=labels))
