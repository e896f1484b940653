"""JSON documents of predictions, as plain types.

Keys may be added here, never renamed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.confidence.selective import abstains
from lacunar.traits.data.class_balance import Factors
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.json_schema import Answer, Predictions


def predictions_document(
    schema: Schema,
    images: Sequence[str],
    probabilities: Sequence[NDArray[np.float64]],
    thresholds: Sequence[float | None] | None = None,
    *,
    factors: Factors | None = None,
    all_probabilities: bool = False,
) -> Predictions:
    """Make the document of predictions, by default the most probable class of each attribute.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes.
    images : sequence of N str
    probabilities : sequence of A float64 arrays of shape (N, C_a)
    thresholds : sequence of A float or None, optional
        Probability below which ``abstain`` is true; it is always true if None. Without
        thresholds it is always false. The label is included in any case.
    factors : sequence of A float64 arrays of shape (C_a,), optional
        Predict the class with the highest product of probability and factor; the document has
        its probability. See :meth:`lacunar.traits.data.class_balance.ClassShares.factors`.
    all_probabilities : bool
        Include the probability of every class.

    Examples
    --------
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> predictions_document(schema, ["a.png"], [np.array([[0.25, 0.75]])])["predictions"][0]
    {'image': 'a.png', 'attributes': {'coat': {'label': 'closed', 'probability': 0.75, ...}}}
    """
    limits = (0.0,) * len(schema.attributes) if thresholds is None else thresholds
    products = (
        probabilities
        if factors is None
        else [output * factor for output, factor in zip(probabilities, factors, strict=True)]
    )
    columns = zip(schema.attributes, probabilities, products, limits, strict=True)
    outputs = [_answers(*column, all_probabilities=all_probabilities) for column in columns]
    return {
        "predictions": [
            {"image": image, "attributes": dict(zip(schema.names, answers, strict=True))}
            for image, *answers in zip(images, *outputs, strict=True)
        ]
    }


def _answers(
    attribute: Attribute,
    probabilities: NDArray[np.float64],
    products: NDArray[np.float64],
    threshold: float | None,
    *,
    all_probabilities: bool,
) -> list[Answer]:
    """Answers of one attribute; probabilities and products have shape (N, C_a)."""
    chosen = products.argmax(axis=1)
    probability = np.take_along_axis(probabilities, chosen[:, np.newaxis], axis=1)[:, 0]
    answers: list[Answer] = [
        {"label": attribute.classes[best], "probability": confidence, "abstain": abstain}
        for best, confidence, abstain in zip(
            chosen.tolist(),
            probability.tolist(),
            abstains(probability, threshold).tolist(),
            strict=True,
        )
    ]
    if all_probabilities:
        for answer, row in zip(answers, probabilities.tolist(), strict=True):
            answer["probabilities"] = dict(zip(attribute.classes, row, strict=True))
    return answers
