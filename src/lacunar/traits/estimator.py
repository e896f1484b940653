"""Traits as a scikit-learn classifier of images with several outputs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from lacunar.aliases import no_progress
from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import Intake, LabelledImages
from lacunar.traits.data.image_inputs import listed_images
from lacunar.traits.data.image_sources import ImageContent, ImageFile
from lacunar.traits.data.schema import UNKNOWN, Schema
from lacunar.traits.fit import fit_traits
from lacunar.traits.predict.image_files import predict_files
from lacunar.traits.targets import Targets, attribute_of, read_targets


class TraitsClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Classifier of images with several outputs, whose labels may be unknown.

    It trains the networks of :func:`lacunar.fit_traits` and has the interface of scikit-learn.
    Parameters that it shares with :class:`lacunar.TraitsConfig` mean the same; the other settings
    are the defaults.

    Parameters
    ----------
    height, width : int
        Pixels of the frame that every image is stretched to.
    max_epochs : int
    batch : int
    learning_rate : float, optional
    mirror : bool
        Whether an image and its mirror image have the same labels. False if left and right matter.
    folds : int
        0 trains one network and holds out 23 % of the images, to calibrate its probabilities. With
        10, as :func:`lacunar.fit_traits` does by default, 15 networks are trained.
    random_state : int, RandomState or None
    device : str

    Attributes
    ----------
    classes_ : list of A ndarray
        The classes of each output; one array if the labels were one-dimensional.
    n_outputs_ : int
        A.
    model_ : TraitsModel
        The fitted model, with thresholds for abstention and its evaluation on held-out images.

    Examples
    --------
    Is an image light, and is it red? One label is unknown.

    >>> rng = np.random.default_rng(0)
    >>> light, red = rng.integers(0, 2, (2, 40))
    >>> photos = rng.integers(0, 60, (40, 16, 16, 3), dtype=np.uint8)
    >>> photos += np.uint8(100) * light.astype(np.uint8)[:, None, None, None]
    >>> photos[..., 0] += np.uint8(90) * red.astype(np.uint8)[:, None, None]
    >>> labels = np.stack([light, red], axis=1)
    >>> labels[3, 1] = -1
    >>> classifier = TraitsClassifier(height=16, width=16, max_epochs=8, batch=8)
    >>> classifier.fit(photos, labels).score(photos, labels) > 0.8
    True
    >>> classifier.predict(photos[:5]).shape, classifier.predict_proba(photos[:5])[0].shape
    ((5, 2), (5, 2))
    """

    def __init__(
        self,
        *,
        height: int = 96,
        width: int = 40,
        max_epochs: int = 60,
        batch: int = 32,
        learning_rate: float | None = None,
        mirror: bool = True,
        folds: int = 0,
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
    ) -> None:
        self.height = height
        self.width = width
        self.max_epochs = max_epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.mirror = mirror
        self.folds = folds
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> Self:
        """Train networks on images.

        Parameters
        ----------
        X : uint8 array of shape (n, H, W, 3) or, of grey images, (n, H, W), or list of n images
            Images of a list may differ in size. They are paths, Pillow images, uint8 arrays, or
            contents of files as bytes.
        y : array-like of shape (n,) or (n, A), or frame of A columns
            Text, whole numbers or truth values. None, NaN, -1 and empty text are unknown labels.

        Raises
        ------
        InputError
            If a parameter, an image or a label is invalid, there are too few images, or PyTorch is
            missing.
        """
        config = self._config()
        targets, images = read_targets(y), _listed(X)
        classes = targets.classes()
        data = _labelled(images, targets, classes)
        # Windows keeps a file that is mapped into memory.
        with TemporaryDirectory(ignore_cleanup_errors=True) as cache:
            self.model_ = fit_traits(data, config, progress=no_progress, cache_dir=cache)
        self.classes_ = classes[0] if targets.is_flat else classes
        self.n_outputs_ = len(classes)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Predict the calibrated probability of each class.

        Returns
        -------
        list of A float64 arrays of shape (n, C_a)
            One array if the labels were one-dimensional.
        """
        check_is_fitted(self)
        probabilities = predict_files(self.model_, _listed(X))
        return probabilities if isinstance(self.classes_, list) else probabilities[0]

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class of each attribute, without abstention.

        Returns
        -------
        array of shape (n, A)
            Of objects if outputs have classes of several types. Of shape (n,) if the labels were
            one-dimensional.
        """
        probabilities = self.predict_proba(X)
        if not isinstance(self.classes_, list):
            flat: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
            return flat
        types = {classes.dtype.kind for classes in self.classes_}
        return np.stack(
            [
                classes.astype(object if len(types) > 1 else None)[output.argmax(axis=1)]
                for classes, output in zip(self.classes_, probabilities, strict=True)
            ],
            axis=1,
        )

    def score(self, X: Any, y: Any) -> float:
        """Return the mean accuracy of the attributes, each over its known labels.

        Raises
        ------
        InputError
            If no label is known, or there are not as many labels as images.
        """
        check_is_fitted(self)
        images, targets = _listed(X), read_targets(y)
        _check_lengths(images, targets)
        classes = self.classes_ if isinstance(self.classes_, list) else [self.classes_]
        labels = targets.codes(classes)
        outputs = predict_files(self.model_, images)
        correct = [
            np.mean(output.argmax(axis=1)[known] == column[known])
            for output, column, known in zip(outputs, labels.T, labels.T != UNKNOWN, strict=True)
            if known.any()
        ]
        if not correct:
            raise InputError("expected at least one known label, got none", field="y")
        return float(np.mean(correct))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags

    def _config(self) -> TraitsConfig:
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        settings = self.get_params() | {"seed": int(seed)}
        del settings["random_state"]
        config = TraitsConfig(**settings)
        return config if self.mirror else config.without_mirror()


def _listed(images: Any) -> list[ImageFile | ImageContent]:
    if isinstance(images, np.ndarray) and images.ndim == 2:
        raise InputError(
            "expected images of shape (n, height, width, 3) or (n, height, width), or a list of"
            f" images, got an array of shape {images.shape}",
            field="X",
        )
    # Three dimensions are grey images here, not one image.
    return listed_images(list(images) if isinstance(images, np.ndarray) else images)


def _check_lengths(images: list[ImageFile | ImageContent], targets: Targets) -> None:
    if len(images) != len(targets):
        raise InputError(f"expected labels of {len(images)} images, got {len(targets)}", field="y")


def _labelled(
    images: list[ImageFile | ImageContent], targets: Targets, classes: list[NDArray[Any]]
) -> LabelledImages:
    _check_lengths(images, targets)
    attributes = tuple(map(attribute_of, targets.names, classes))
    labels = targets.codes(classes)
    unknown = np.count_nonzero(labels == UNKNOWN, axis=0).tolist()
    return LabelledImages(
        schema=Schema(attributes, image_column="X"),
        source=None,
        lines=np.arange(len(images)),
        names=tuple(image.name for image in images),
        pictures=tuple(
            Path(image.path).resolve() if isinstance(image, ImageFile) else image.content
            for image in images
        ),
        labels=labels,
        groups=None,
        intake=Intake(len(images), 0, dict(zip(targets.names, unknown, strict=True))),
    )
