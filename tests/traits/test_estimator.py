from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.estimator import TraitsClassifier
from lacunar.traits.fit import fit_traits
from lacunar.traits.predict.image_files import predict_files


class OfRows(TraitsClassifier):
    """The classifier with the tag that makes scikit-learn run all its checks."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


_ROWS = "fits rows of numbers, which are no images"
_MESSAGE = "expects a message about rows of numbers, and gets one about images"
CANNOT_FIT = {
    "check_classifier_data_not_an_array": _ROWS,
    "check_classifier_multioutput": _ROWS,
    "check_classifiers_classes": _ROWS,
    "check_classifiers_one_label": "trains with one class, from which nothing can be learned",
    "check_classifiers_regression_target": _MESSAGE,
    "check_classifiers_train": _ROWS,
    "check_complex_data": _MESSAGE,
    "check_dict_unchanged": _ROWS,
    "check_dont_overwrite_parameters": _ROWS,
    "check_dtype_object": _ROWS,
    "check_estimator_sparse_array": _MESSAGE,
    "check_estimator_sparse_matrix": _MESSAGE,
    "check_estimator_sparse_tag": _MESSAGE,
    "check_estimators_dtypes": _ROWS,
    "check_estimators_empty_data_messages": _MESSAGE,
    "check_estimators_fit_returns_self": _ROWS,
    "check_estimators_nan_inf": _MESSAGE,
    "check_estimators_overwrite_params": _ROWS,
    "check_estimators_pickle": _ROWS,
    "check_f_contiguous_array_estimator": _ROWS,
    "check_fit2d_1feature": _MESSAGE,
    "check_fit2d_1sample": _MESSAGE,
    "check_fit2d_predict1d": _ROWS,
    "check_fit_check_is_fitted": _ROWS,
    "check_fit_idempotent": _ROWS,
    "check_fit_score_takes_y": _ROWS,
    "check_methods_sample_order_invariance": _ROWS,
    "check_methods_subset_invariance": _ROWS,
    "check_n_features_in": _ROWS,
    "check_n_features_in_after_fitting": _ROWS,
    "check_pipeline_consistency": _ROWS,
    "check_positive_only_tag_during_fit": _ROWS,
    "check_readonly_memmap_input": _ROWS,
    "check_supervised_y_2d": _ROWS,
}


def checks() -> list[Any]:
    """Pairs of an estimator and a check, but for the one that skips estimators of NumPy alone."""
    return [
        pytest.param(
            estimator,
            check,
            id=name,
            marks=[pytest.mark.xfail(reason=CANNOT_FIT[name])] if name in CANNOT_FIT else [],
        )
        for estimator, check in estimator_checks_generator(OfRows())
        if (name := check.func.__name__) != "check_array_api_input"
    ]


@pytest.mark.parametrize(("estimator", "check"), checks())
def test_the_contract_of_scikit_learn_apart_from_rows(
    estimator: TraitsClassifier, check: Callable[[TraitsClassifier], None]
) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    """48 images whose brightness tells the light, and whose red the colour."""
    pixels = np.random.default_rng(0).integers(0, 50, (48, 16, 16, 3), dtype=np.uint8)
    pixels[::2] += 100
    pixels[np.arange(48) // 2 % 2 == 1, :, :, 0] += 100
    return pixels


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    rows = np.arange(48)
    both = np.stack([rows % 2 == 0, rows // 2 % 2 == 1], axis=1).astype(int)
    both[5:8, 0] = both[40:43, 1] = -1
    return both


@pytest.fixture(scope="module")
def small() -> TraitsClassifier:
    return TraitsClassifier(height=16, width=16, max_epochs=8, batch=8, device="cpu")


@pytest.fixture(scope="module")
def fitted(small: TraitsClassifier, photos: np.ndarray, labels: np.ndarray) -> TraitsClassifier:
    return clone(small).fit(photos, labels)


def test_it_is_the_fit_of_the_same_settings(
    fitted: TraitsClassifier, photos: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    config = TraitsConfig(height=16, width=16, max_epochs=8, batch=8, folds=0, device="cpu")
    schema = Schema(
        (Attribute("light", ("0", "1")), Attribute("red", ("0", "1"))), image_column="file"
    )
    frame = pd.DataFrame({"file": list(photos), "light": labels[:, 0], "red": labels[:, 1]})
    model = fit_traits(LabelledImages.from_frame(frame, schema), config, cache_dir=tmp_path)
    expected = predict_files(model, photos)
    for found, output in zip(fitted.predict_proba(photos), expected, strict=True):
        assert np.array_equal(found, output)


def test_it_learns_and_scores_known_labels(
    fitted: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    predicted = fitted.predict(photos)
    assert predicted.shape == labels.shape
    assert [classes.tolist() for classes in fitted.classes_] == [[0, 1], [0, 1]]
    for column, output in enumerate(fitted.predict_proba(photos)):
        np.testing.assert_allclose(output.sum(axis=1), 1)
        assert np.array_equal(output.argmax(axis=1), predicted[:, column])
    accuracies = []
    for column in range(2):
        known = [row for row in range(48) if labels[row, column] != -1]
        right = [predicted[row, column] == labels[row, column] for row in known]
        accuracies.append(sum(right) / len(known))
    assert fitted.score(photos, labels) == pytest.approx(sum(accuracies) / 2)
    assert fitted.score(photos, labels) > 0.9
    one_known = np.where(np.arange(2) == 0, labels, -1)
    assert fitted.score(photos, one_known) == pytest.approx(accuracies[0])


def test_unknown_labels_are_minus_one_nan_or_none(
    small: TraitsClassifier, fitted: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    expected = fitted.predict_proba(photos[:3])
    for same in (
        np.where(labels == -1, np.nan, labels),
        pd.DataFrame(labels, columns=["light", "red"]).astype("Int64").where(labels != -1),
    ):
        found = clone(small).fit(photos, same).predict_proba(photos[:3])
        for output, probabilities in zip(found, expected, strict=True):
            assert np.array_equal(output, probabilities)


def test_labels_keep_their_type(
    small: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    y = pd.DataFrame({"light": ["dark", "light"] * 24, "size": [3, 7] * 24})
    classifier = clone(small).set_params(max_epochs=1).fit(photos, y)
    assert [classes.tolist() for classes in classifier.classes_] == [["dark", "light"], [3, 7]]
    predicted = classifier.predict(photos)
    assert predicted.dtype == object
    assert set(predicted[:, 0]) <= {"dark", "light"}
    assert set(predicted[:, 1]) <= {3, 7}
    assert classifier.model_.schema.names == ("light", "size")
    assert classifier.model_.schema.attributes[1].classes == ("class 3", "class 7")


def test_flat_labels_have_flat_answers(
    small: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    light = np.where(labels[:, 0] == 1, "light", "dark")
    classifier = clone(small).fit(photos, light)
    assert classifier.classes_.tolist() == ["dark", "light"]
    assert classifier.predict(photos).shape == (48,)
    assert classifier.predict_proba(photos).shape == (48, 2)
    assert classifier.score(photos, light) == np.mean(classifier.predict(photos) == light) > 0.9


def test_images_are_paths_or_grey_too(
    small: TraitsClassifier, photos: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    files = [tmp_path / f"{row}.png" for row in range(48)]
    for file, pixels in zip(files, photos[..., 1], strict=True):
        Image.fromarray(pixels).save(file)
    short = clone(small).set_params(max_epochs=1)
    of_files = short.fit([str(file) for file in files], labels).predict_proba(files)
    of_arrays = clone(short).fit(photos[..., 1], labels).predict_proba(photos[..., 1])
    for one, other in zip(of_files, of_arrays, strict=True):
        assert np.array_equal(one, other)
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_it_fits_into_tools_of_scikit_learn(
    small: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    assert clone(small).get_params() == small.get_params()
    scores = cross_val_score(clone(small), photos, labels, cv=2)
    assert scores.shape == (2,)
    search = GridSearchCV(clone(small), {"max_epochs": [1, 8]}, cv=2)
    search.fit(list(photos), labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = clone(small).set_params(**search.best_params_).fit(photos, labels)
    assert np.array_equal(search.predict(photos), best.predict(photos))


def test_a_fit_is_repeatable_returns_itself_and_keeps_its_parameters(
    fitted: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    again = clone(fitted)
    before = again.get_params()
    assert again.fit(photos, labels) is again
    assert again.get_params() == before
    copy = pickle.loads(pickle.dumps(fitted))  # noqa: S301  # its own bytes
    for one, other, pickled in zip(
        *(each.predict_proba(photos) for each in (fitted, again, copy)), strict=True
    ):
        assert np.array_equal(one, other)
        assert np.array_equal(one, pickled)
    draws = [
        clone(fitted).set_params(random_state=state, max_epochs=1).fit(photos, labels)
        for state in (np.random.RandomState(3), np.random.RandomState(3), 4)
    ]
    first, same, other = (each.predict_proba(photos)[0] for each in draws)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_without_mirror_nothing_is_mirrored(
    small: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    classifier = clone(small).set_params(mirror=False, max_epochs=1).fit(photos, labels)
    config = classifier.model_.config
    assert config.augmentation is not None
    assert not config.mirror
    assert not config.augmentation.flip


def test_invalid_input_gets_one_sentence(
    small: TraitsClassifier, fitted: TraitsClassifier, photos: np.ndarray, labels: np.ndarray
) -> None:
    def sentence(call: Callable[..., object], *arguments: object) -> str:
        with pytest.raises(InputError) as caught:
            call(*arguments)
        return str(caught.value)

    fit = clone(small).fit
    assert sentence(fit, photos[0, 0], labels) == (
        "X: expected images of shape (n, height, width, 3) or (n, height, width), or a list of"
        " images, got an array of shape (16, 3)"
    )
    assert sentence(fit, photos[:9], labels) == "y: expected labels of 9 images, got 48"
    assert sentence(fit, photos / 255, labels).startswith("image 0: expected a uint8 array")
    assert sentence(fit, ["no.png", *photos[1:]], labels).startswith("row 0, column X, no.png: exp")
    low = clone(small).set_params(height=4).fit
    assert sentence(low, photos, labels).startswith("height: expected greater than or eq")
    assert sentence(fitted.score, photos[:9], labels) == "y: expected labels of 9 images, got 48"
    assert sentence(fitted.score, photos, np.full((48, 2), -1)) == (
        "y: expected at least one known label, got none"
    )
    assert sentence(fitted.score, photos, labels[:, 0]) == (
        "y: expected labels of 2 attributes, got 1"
    )
    for method in (small.predict, small.predict_proba):
        with pytest.raises(NotFittedError):
            method(photos)
