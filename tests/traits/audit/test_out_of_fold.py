from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.audit.out_of_fold import out_of_fold_probabilities
from lacunar.traits.dataset import LabelledImages, read_dataset
from lacunar.traits.model import TraitsModel


class Folded:
    """A model with predictions of folds beside what the real one has."""

    def __init__(self, model: TraitsModel, n: int) -> None:
        rng = np.random.default_rng(0)
        self.config, self.fingerprint = model.config, model.fingerprint
        self.out_of_fold = tuple(
            rng.normal(size=(n, len(attribute.classes))).astype(np.float32)
            for attribute in model.schema.attributes
        )
        self.temperatures = np.linspace(0.5, 2, len(self.out_of_fold))


def test_logits_are_divided_by_their_temperature(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    model: Any = Folded(people_model, len(people))
    found = out_of_fold_probabilities(model, people)
    for probabilities, logits, temperature in zip(
        found, model.out_of_fold, model.temperatures, strict=True
    ):
        expected = np.exp(logits / temperature)
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(probabilities, expected, rtol=1e-5)
        assert probabilities.dtype == np.float64


def test_other_images_than_those_of_the_fit_are_refused(
    people_model: TraitsModel, people_directory: Path
) -> None:
    test = read_dataset(people_directory, part="test")
    model: Any = Folded(people_model, 24)
    with pytest.raises(InputError, match="expected the images and labels that the model was"):
        out_of_fold_probabilities(model, test)


def test_a_model_without_folds_is_refused(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    with pytest.raises(InputError, match="expected a model that was fitted in folds"):
        out_of_fold_probabilities(people_model, people)
