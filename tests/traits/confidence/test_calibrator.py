from __future__ import annotations

import numpy as np

from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.data.schema import Attribute, Schema

COAT = Schema((Attribute("coat", ("open", "closed")),), image_column="file")


def test_too_sure_a_network_is_cooled_and_its_least_sure_answers_kept_back() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (400, 1))
    sure = rng.uniform(0, 3, 400)  # the log-odds that a label has
    right = rng.random(400) < 1 / (1 + np.exp(-sure))
    answer = np.where(right, labels[:, 0], 1 - labels[:, 0])
    logits = np.zeros((1, 400, 2), np.float32)
    logits[0, np.arange(400), answer] = 3 * sure  # three times as sure as it may be
    out_of_fold = OutOfFold((logits,), n_networks=1)
    calibrator = Calibrator.learn(out_of_fold, labels)
    assert 2.2 < calibrator.temperatures[0] < 4
    (found,) = calibrator.measure(
        COAT, labels, out_of_fold.pooled(), out_of_fold.calibrated(labels)
    )
    assert found.after.ece < found.before.ece / 2
    assert found.coverage is not None
    assert 0.7 < found.coverage < 1
    assert found.kept_accuracy > found.accuracy
    assert found.temperature == calibrator.temperatures[0]


def test_where_no_label_is_known_every_answer_is_kept_back() -> None:
    out_of_fold = OutOfFold((np.zeros((1, 3, 2), np.float32),), n_networks=1)
    calibrator = Calibrator.learn(out_of_fold, np.full((3, 1), -1))
    assert calibrator.temperatures.tolist() == [1.0]
    assert calibrator.thresholds == (None,)


def test_the_answers_that_are_left_reach_a_wanted_accuracy() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (600, 1))
    sure = rng.uniform(0, 4, 600)
    right = rng.random(600) < 1 / (1 + np.exp(-sure))
    answer = np.where(right, labels[:, 0], 1 - labels[:, 0])
    logits = np.zeros((1, 600, 2), np.float32)
    logits[0, np.arange(600), answer] = sure
    out_of_fold = OutOfFold((logits,), n_networks=1)
    usual, strict = (
        Calibrator.learn(out_of_fold, labels, wanted_accuracy=wanted).measure(
            COAT, labels, out_of_fold.pooled(), out_of_fold.calibrated(labels)
        )[0]
        for wanted in (None, 0.95)
    )
    assert strict.kept_accuracy >= 0.95
    assert strict.threshold > usual.threshold
    assert strict.coverage < usual.coverage
