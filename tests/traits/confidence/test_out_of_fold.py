from __future__ import annotations

import numpy as np
from scipy.special import softmax

from lacunar.traits.confidence.out_of_fold import OutOfFold, gather_out_of_fold
from lacunar.traits.confidence.temperature import fit_temperature
from lacunar.traits.data.schema import Schema

RNG = np.random.default_rng(0)


def said(rows: int) -> list[np.ndarray]:
    return [RNG.normal(size=(rows, size)).astype(np.float32) for size in (3, 2)]


def test_each_image_gets_the_answers_of_the_networks_that_left_it_out(coats: Schema) -> None:
    rows = [np.array([0, 1, 2]), np.array([2, 3, 0]), np.array([3, 1])]
    logits = [said(len(own)) for own in rows]
    found = gather_out_of_fold(coats, 4, rows, logits, n_networks=3)
    assert found.n_networks == 3
    assert [output.shape for output in found.logits] == [(2, 4, 3), (2, 4, 2)]
    for image in range(4):
        expected = {
            tuple(outputs[0][own.tolist().index(image)])
            for own, outputs in zip(rows, logits, strict=True)
            if image in own
        }
        assert {tuple(answer) for answer in found.logits[0][:, image]} == expected


def test_images_that_no_network_left_out_have_no_answer(coats: Schema) -> None:
    found = gather_out_of_fold(coats, 5, [np.array([1, 4])], [said(2)], n_networks=1)
    assert found.rows.tolist() == [1, 4]
    assert np.isnan(found.logits[0][:, [0, 2, 3]]).all()
    assert [output.shape for output in found.pooled()] == [(2, 3), (2, 2)]


def test_pooled_answers_are_mean_probabilities(coats: Schema) -> None:
    rows = [np.arange(6), np.arange(6)]
    logits = [said(6), said(6)]
    pooled = gather_out_of_fold(coats, 6, rows, logits, n_networks=2).pooled()
    for output in range(2):
        mean = np.mean([softmax(one[output], axis=1) for one in logits], axis=0)
        assert np.allclose(np.exp(pooled[output]), mean, atol=1e-6)


def test_of_one_network_the_temperature_is_its_own() -> None:
    logits = RNG.normal(scale=3, size=(1, 40, 3)).astype(np.float32)
    labels = RNG.integers(-1, 3, (40, 1))
    out_of_fold = OutOfFold((logits,), n_networks=1)
    assert np.isclose(out_of_fold.temperatures(labels)[0], fit_temperature(logits[0], labels[:, 0]))


def test_a_label_does_not_calibrate_its_own_image() -> None:
    logits = RNG.normal(size=(1, 30, 3)).astype(np.float32)
    labels = RNG.integers(0, 3, (30, 1))
    changed = labels.copy()
    changed[::10] = (changed[::10] + 1) % 3  # a part of its own
    out_of_fold = OutOfFold((logits,), n_networks=1)
    before, after = (out_of_fold.calibrated(which)[0] for which in (labels, changed))
    assert np.array_equal(before[::10], after[::10])
    assert not np.allclose(before[1::10], after[1::10])
