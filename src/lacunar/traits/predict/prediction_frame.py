"""Predictions as a frame, one row for each image or group of images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from lacunar.aliases import StepProgress
from lacunar.errors import InputError
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.traits.confidence.selective import abstains
from lacunar.traits.data.image_inputs import ImageInputs, listed_images
from lacunar.traits.data.schema import Schema
from lacunar.traits.predict.groups import read_groups
from lacunar.traits.predict.image_files import predict_files
from lacunar.traits.predict.predictor import Predictor


def predictions_frame(
    predictor: Predictor,
    images: ImageInputs,
    *,
    groups: Iterable[Any] | None = None,
    kind: FrameKind = "pyarrow",
    all_probabilities: bool = False,
    progress: StepProgress | None = None,
) -> Any:
    """Predict the attributes of images, or of groups of images, as a frame.

    Parameters
    ----------
    predictor : Predictor
    images, groups, kind, all_probabilities, progress
        See :meth:`lacunar.TraitsModel.predict`.

    Returns
    -------
    Table or DataFrame

    Raises
    ------
    InputError
        See :meth:`lacunar.TraitsModel.predict`; and if two columns would have the same name.
    """
    import pyarrow as pa

    schema = predictor.schema
    first = ["image"] if groups is None else ["group", "images"]
    names = _names(schema, first, all_probabilities=all_probabilities)
    # An unknown or missing library raises its error before the predictions.
    arrow_to_frame(pa.table({}), kind)
    listed = listed_images(images)
    grouped = None if groups is None else read_groups(groups, len(listed))
    probabilities = predict_files(predictor, listed, progress=progress)
    arrays: list[Any] = [pa.array([image.name for image in listed], pa.string())]
    if grouped is not None:
        probabilities = grouped.means(probabilities)
        arrays = [grouped.ids, pa.array(grouped.sizes, pa.int64())]
    for attribute, output, threshold in zip(
        schema.attributes, probabilities, predictor.thresholds, strict=True
    ):
        confidence = output.max(axis=1)
        labels = np.array(attribute.classes, object)[output.argmax(axis=1)]
        abstained = abstains(confidence, threshold)
        arrays += [pa.array(labels, pa.string(), mask=abstained), pa.array(confidence)]
        arrays += [pa.array(column) for column in output.T if all_probabilities]
    return arrow_to_frame(pa.Table.from_arrays(arrays, names), kind)


def _names(schema: Schema, first: list[str], *, all_probabilities: bool) -> list[str]:
    names = list(first)
    for attribute in schema.attributes:
        name = attribute.name
        names += [name, f"{name}_probability"]
        if all_probabilities:
            names += [f"{name}_probability_{label}" for label in attribute.classes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"expected columns of different names, got {twice!r} twice")
    return names
