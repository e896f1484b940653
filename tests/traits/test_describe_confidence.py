from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from lacunar.traits.confidence import Confidence, measure_confidence
from lacunar.traits.describe_confidence import describe_confidence
from lacunar.traits.schema import Schema


@pytest.fixture
def found(coats: Schema) -> tuple[Confidence, ...]:
    rng = np.random.default_rng(0)
    before = [rng.dirichlet([1] * n, 90) for n in (3, 2)]
    after = [rng.dirichlet([1] * n, 90) for n in (3, 2)]
    labels = rng.integers(-1, 2, (90, 2))
    return measure_confidence(coats, labels, before, after, [2.0, 0.5], [0.5, 0.7])


def test_the_document_has_every_figure_and_its_mean(found: tuple[Confidence, ...]) -> None:
    document = json.loads(json.dumps(describe_confidence(found), allow_nan=False))
    coat, hat = document["outputs"]["coat"], document["outputs"]["hat"]
    assert coat["ece"] == found[0].after.ece
    assert coat["ece_before"] == found[0].before.ece
    assert coat["accuracy_at_80"] == found[0].accuracy_at_80
    assert (coat["temperature"], coat["threshold"]) == (2.0, found[0].threshold)
    assert (hat["known"], hat["unknown"]) == (found[1].known, found[1].unknown)
    for key, mean in document["mean"].items():
        assert mean == pytest.approx((coat[key] + hat[key]) / 2)


def test_a_mean_is_over_the_attributes_that_have_the_figure(
    found: tuple[Confidence, ...],
) -> None:
    coat, hat = found
    document = describe_confidence([coat, replace(hat, kept_accuracy=None)])
    assert document["mean"]["kept_accuracy"] == coat.kept_accuracy
    alone = describe_confidence([replace(hat, kept_accuracy=None)])
    assert alone["mean"]["kept_accuracy"] is None
