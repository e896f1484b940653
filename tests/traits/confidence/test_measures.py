from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from lacunar.traits.confidence.measures import Confidence, measure_confidence
from lacunar.traits.confidence.reliability import (
    brier_score,
    calibration_error,
    mass_bins,
    top_answers,
)
from lacunar.traits.confidence.selective import choose_thresholds
from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.data.schema import Schema

TEMPERATURES = [2.0, 0.5]


def answers(n: int = 300, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Labels of a coat and a hat, a quarter unknown, and probabilities before and after."""
    rng = np.random.default_rng(seed)
    logits = [rng.normal(scale=2, size=(n, 3)), rng.normal(scale=2, size=(n, 2))]
    labels = np.stack([output.argmax(axis=1) for output in logits], axis=1)
    labels = np.where(rng.random((n, 2)) < 0.3, 0, labels)
    labels[rng.random((n, 2)) < 0.25] = -1
    return labels, calibrated(logits, [1, 1]), calibrated(logits, TEMPERATURES)


@pytest.fixture
def found(coats: Schema) -> tuple[Confidence, ...]:
    labels, before, after = answers()
    thresholds = choose_thresholds(after, labels, 0.9)
    return measure_confidence(coats, labels, before, after, TEMPERATURES, thresholds)


def test_figures_are_those_of_their_functions(found: tuple[Confidence, ...], coats: Schema) -> None:
    labels, before, after = answers()
    for position, one in enumerate(found):
        truth = labels[:, position]
        assert (one.name, one.temperature) == (coats.names[position], TEMPERATURES[position])
        assert one.unknown == np.count_nonzero(truth == -1) == 300 - one.known
        for part, probabilities in ((one.before, before), (one.after, after)):
            confidence, correct = top_answers(probabilities[position], truth)
            assert part.ece == calibration_error(mass_bins(confidence, correct))
            assert part.brier == brier_score(probabilities[position], truth)
            assert part.confidence == pytest.approx(confidence.mean())
            assert sum(part.histogram) == sum(one.count for one in part.bins) == len(confidence)
        confidence, correct = top_answers(after[position], truth)
        order = np.argsort(-confidence)[: math.ceil(0.8 * len(confidence))]
        assert one.accuracy_at_80 == pytest.approx(correct[order].mean())
        assert one.accuracy == pytest.approx(correct.mean())
        kept = confidence >= one.threshold
        assert (one.coverage, one.kept_accuracy) == (kept.mean(), correct[kept].mean())
        assert one.kept_accuracy >= 0.9


def test_the_curve_is_thin_and_keeps_its_marked_places(found: tuple[Confidence, ...]) -> None:
    for one in found:
        assert 50 < len(one.curve) <= 100
        coverages = [point.coverage for point in one.curve]
        assert coverages == sorted(coverages)
        assert one.curve[-1].coverage == 1
        assert one.curve[-1].accuracy == one.accuracy
        assert one.coverage in coverages
        assert next(p.accuracy for p in one.curve if p.coverage >= 0.8) == one.accuracy_at_80


def test_images_without_a_label_add_to_their_number_alone(coats: Schema) -> None:
    labels, before, after = answers()
    known = (labels != -1).all(axis=1)
    more = np.where(known[:, np.newaxis], labels, -1)
    thresholds = (0.5, None)
    whole = measure_confidence(coats, more, before, after, TEMPERATURES, thresholds)
    part = measure_confidence(
        coats,
        labels[known],
        [output[known] for output in before],
        [output[known] for output in after],
        TEMPERATURES,
        thresholds,
    )
    for one, other in zip(whole, part, strict=True):
        assert replace(one, unknown=0) == other
        assert one.unknown == np.count_nonzero(~known)


def test_without_a_known_label_nothing_is_claimed(coats: Schema) -> None:
    labels, before, after = answers(20)
    labels[:, 1] = -1
    _, hat = measure_confidence(coats, labels, before, after, [1.0, 1.0], [0.0, None])
    assert (hat.known, hat.unknown, hat.curve, hat.after.bins) == (0, 20, (), ())
    assert {hat.accuracy, hat.accuracy_at_80, hat.coverage, hat.kept_accuracy, hat.aurc} == {None}
    figures = asdict(hat.after)
    assert all(not value or not any(value) for value in figures.values())


def test_a_threshold_out_of_reach_keeps_nothing(coats: Schema) -> None:
    labels, before, after = answers()
    (coat, _) = measure_confidence(coats, labels, before, after, TEMPERATURES, [None, 0.0])
    assert (coat.coverage, coat.kept_accuracy) == (0.0, None)


def test_it_comes_back_from_json(found: tuple[Confidence, ...], coats: Schema) -> None:
    labels, before, after = answers(5)
    labels[:] = -1
    empty = measure_confidence(coats, labels, before, after, [1.0, 1.0], [None, None])
    for one in (*found, *empty):
        text = json.dumps(one.to_dict(), allow_nan=False)
        assert Confidence.from_dict(json.loads(text)) == one


def test_another_document_is_refused(found: tuple[Confidence, ...]) -> None:
    with pytest.raises(ValueError, match="threshold"):
        Confidence.from_dict({**found[0].to_dict(), "threshold": "high"})
    with pytest.raises(ValueError, match="colour"):
        Confidence.from_dict({**found[0].to_dict(), "colour": "red"})


def test_the_same_answers_give_the_same_numbers(coats: Schema) -> None:
    labels, before, after = answers()
    thresholds = (0.5, 0.5)
    first, second = (
        measure_confidence(coats, labels, before, after, TEMPERATURES, thresholds) for _ in range(2)
    )
    assert first == second
