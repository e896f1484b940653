"""Predictions for image files and images in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StepProgress
from lacunar.errors import InputError
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.traits.data.image_inputs import ImageInputs, listed_images
from lacunar.traits.environment import require_torch
from lacunar.traits.predict.fitted_model import FittedModel
from lacunar.traits.predict.predictor import Predictor, predict_images
from lacunar.traits.predict.to_json import predictions_document


def predict_files(
    model: FittedModel | Predictor,
    files: ImageInputs,
    *,
    progress: StepProgress | None = None,
) -> list[NDArray[np.float64]]:
    """Predict the class probabilities of each attribute of images.

    Images are decoded while the networks compute, and are not cached on disk.

    Parameters
    ----------
    model : TraitsModel or Predictor
        A attributes of C_a classes. A predictor is a
        :class:`lacunar.traits.predict.onnx_predictor.OnnxTraits`, or another object with the
        methods of :class:`lacunar.traits.predict.predictor.Predictor`.
    files : image, or iterable of N images
        Paths of JPEG, PNG, WEBP or BMP files or of folders of such files; or Pillow images, uint8
        arrays of shape (H, W, 3) or (H, W), or the contents of files as bytes.
    progress : callable, optional
        Called with the number of images done and N.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)
        Calibrated probabilities; each row adds up to 1. The columns are
        ``model.schema.attributes[a].classes``.

    Raises
    ------
    InputError
        If PyTorch is missing for a TraitsModel, or for the first input that is not an image.

    Examples
    --------
    A small data set of drawn people, and one epoch of training:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from lacunar import TraitsConfig, fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     train, test = read_dataset(folder), read_dataset(folder, part="test")
    ...     model = fit_traits(train, config, cache_dir=Path(folder, "cache"))
    ...     probabilities = predict_files(model, test.paths)
    >>> model.schema.names[2], probabilities[2].shape
    ('torso_colour', (4, 11))
    """
    predictor = _ready(model) if isinstance(model, FittedModel) else model
    images = listed_images(files)
    empty = [np.empty((0, len(attribute.classes))) for attribute in predictor.schema.attributes]
    batches = [
        answers.probabilities for answers in predict_images(predictor, images, progress=progress)
    ]
    return [np.concatenate(outputs) for outputs in zip(empty, *batches, strict=True)]


def predictions_frame(
    model: FittedModel | Predictor,
    files: ImageInputs,
    *,
    kind: FrameKind = "pyarrow",
    all_probabilities: bool = False,
    progress: StepProgress | None = None,
) -> Any:
    """Predict the attributes of images as a frame.

    Parameters
    ----------
    model, files, progress
        See :func:`predict_files`.
    kind : {"pyarrow", "pandas", "polars"}
        Library of the frame.
    all_probabilities : bool
        Add the probability of every class: ``NAME_probability_CLASS``.

    Returns
    -------
    Table or DataFrame
        One row per image, in the given order: ``image``, the path as text, or ``image 0`` and so
        on for images in memory; and for each attribute ``NAME``, the predicted class, or null if
        the model abstains, and ``NAME_probability``, the calibrated probability of that class, also
        if the model abstains.

    Raises
    ------
    InputError
        See :func:`predict_files`; and if two columns would have the same name.

    Examples
    --------
    A small data set of drawn people, and one epoch of training:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from lacunar import TraitsConfig, fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     train, test = read_dataset(folder), read_dataset(folder, part="test")
    ...     model = fit_traits(train, config, cache_dir=Path(folder, "cache"))
    ...     frame = predictions_frame(model, test.paths)
    >>> frame.num_rows, frame.column_names[:4]
    (4, ['image', 'gender', 'gender_probability', 'torso_type'])
    """
    import pyarrow as pa

    predictor = _ready(model) if isinstance(model, FittedModel) else model
    schema = predictor.schema
    names, types = ["image"], [pa.string()]
    for attribute in schema.attributes:
        name = attribute.name
        names += [name, f"{name}_probability"]
        types += [pa.string(), pa.float64()]
        if all_probabilities:
            names += [f"{name}_probability_{label}" for label in attribute.classes]
            types += [pa.float64()] * len(attribute.classes)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"expected columns of different names, got {twice!r} twice")
    columns = pa.schema(list(zip(names, types, strict=True)))
    # An unknown or missing library raises its error before the predictions.
    arrow_to_frame(columns.empty_table(), kind)
    images = listed_images(files)
    document = predictions_document(
        schema,
        [image.name for image in images],
        predict_files(predictor, images, progress=progress),
        predictor.thresholds,
        all_probabilities=all_probabilities,
    )
    rows: list[list[Any]] = []
    for prediction in document["predictions"]:
        row: list[Any] = [prediction["image"]]
        for answer in prediction["attributes"].values():
            row += [None if answer["abstain"] else answer["label"], answer["probability"]]
            row += answer.get("probabilities", {}).values()
        rows.append(row)
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    arrays = [pa.array(column, of) for column, of in zip(cells, types, strict=True)]
    return arrow_to_frame(pa.Table.from_arrays(arrays, schema=columns), kind)


def _ready(model: FittedModel) -> Predictor:
    require_torch()
    from lacunar.traits.predict.torch_predictor import TorchTraits

    return TorchTraits(model)
