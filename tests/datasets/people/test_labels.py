import numpy as np
import pytest

from lacunar.datasets.people.labels import (
    COLOURS,
    COLUMNS,
    COUNTS,
    N_CLASSES,
    draw_labels,
    even_out,
    scale_counts,
)


@pytest.mark.parametrize("n", [1, 2, 7, 100, 519, 520, 521, 1040])
def test_scaled_counts_sum_up_and_stay_within_one_of_the_share(n):
    for counts in COUNTS["train"]:
        scaled = scale_counts(counts, n)
        assert sum(scaled.values()) == n
        for label, count in counts.items():
            assert abs(scaled[label] - count * n / 520) < 1


def test_counts_of_each_part_sum_to_its_size():
    for part, n in (("train", 520), ("test", 196)):
        assert [sum(counts.values()) for counts in COUNTS[part]] == [n] * 6


def test_labels_are_classes_or_unknown():
    labels = draw_labels("test", 300, np.random.default_rng(0))
    assert labels.shape == (300, 6)
    assert labels.min() == -1
    assert (labels.max(axis=0) < N_CLASSES).all()
    assert len(COLOURS) == 11


def test_columns_are_weakly_correlated():
    labels = draw_labels("train", 520, np.random.default_rng(0))
    gender, arms, torso, legs = (
        labels[:, COLUMNS.index(name)] for name in ("gender", "tortyp", "torcol", "legtyp")
    )
    for one, other in ((gender, legs), (arms, legs), (gender, np.isin(torso, (6, 7)))):
        assert 0.05 < np.corrcoef(one, other)[0, 1] < 0.6


def test_evened_out_every_class_is_there_and_rare_ones_are_less_rare():
    rng = np.random.default_rng
    plain = draw_labels("train", 2000, rng(0))
    evened = draw_labels("train", 2000, rng(0), evenness=0.5)
    for column, n_classes in enumerate(N_CLASSES):
        before, after = (
            np.bincount(labels[:, column][labels[:, column] >= 0], minlength=n_classes)
            for labels in (plain, evened)
        )
        assert after.min() > 0
        assert after.min() >= before.min()
        assert after.max() < before.max()


def test_wholly_even_classes_come_equally_often():
    labels = draw_labels("train", 2000, np.random.default_rng(0), evenness=1)
    for column, n_classes in enumerate(N_CLASSES):
        known = labels[:, column][labels[:, column] >= 0]
        assert np.ptp(np.bincount(known, minlength=n_classes)) <= 1


def test_evening_out_keeps_the_share_of_unknown_labels():
    counts = even_out({-1: 10, 0: 50, 1: 40}, 2, 0.7)
    assert abs(counts[-1] / sum(counts.values()) - 0.1) < 0.001
