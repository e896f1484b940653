from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from lacunar.errors import InputError
from lacunar.traits.audit.unseen_predictions import out_of_fold_probabilities, unseen_probabilities
from lacunar.traits.data.dataset import LabelledImages, read_dataset
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.fitted_model import load_frames


def test_each_image_is_judged_by_networks_that_never_saw_it(
    folded_model: TraitsModel, people: LabelledImages
) -> None:
    found = out_of_fold_probabilities(folded_model, people)
    pooled = folded_model.out_of_fold.pooled()
    assert [output.shape for output in found] == [output.shape for output in pooled]
    for probabilities, logits in zip(found, pooled, strict=True):
        assert np.array_equal(probabilities.argmax(axis=1), logits.argmax(axis=1))
        assert np.allclose(probabilities.sum(axis=1), 1)
        assert not np.allclose(probabilities, softmax(logits, axis=1))


def test_other_images_than_those_of_the_fit_are_refused(
    folded_model: TraitsModel, people_directory: Path
) -> None:
    test = read_dataset(people_directory, part="test")
    with pytest.raises(InputError, match="expected the images and labels that the model was"):
        out_of_fold_probabilities(folded_model, test)


def test_a_model_without_folds_is_refused(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    with pytest.raises(InputError, match="expected a model fitted with folds"):
        out_of_fold_probabilities(people_model, people)


def test_test_images_are_answered_by_all_networks(
    folded_model: TraitsModel, people: LabelledImages, people_directory: Path
) -> None:
    test = read_dataset(people_directory, part="test")
    of_train, of_test = unseen_probabilities(folded_model, people, test)
    assert [len(output) for output in of_train] == [24] * 6
    assert of_test is not None
    expected = predict_traits(folded_model, load_frames(test, folded_model.config))
    for found, wanted in zip(of_test, expected, strict=True):
        assert np.allclose(found, wanted)
    assert unseen_probabilities(folded_model, people)[1] is None
