from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacunar.traits.data.folds import split_validation, stratified_folds


@st.composite
def labelled(draw: st.DrawFn) -> np.ndarray:
    n = draw(st.integers(2, 60))
    columns = [
        draw(st.lists(st.integers(-1, classes), min_size=n, max_size=n))
        for classes in draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    ]
    return np.array(columns).T


@st.composite
def with_groups(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    labels = draw(labelled())
    n = len(labels)
    groups = np.array(draw(st.lists(st.integers(0, n // 2), min_size=n, max_size=n)))
    return labels, groups


@settings(max_examples=60, deadline=None)
@given(labelled(), st.data())
def test_parts_have_the_sizes_asked_for_and_share_no_row(
    labels: np.ndarray, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(labels) - 1))
    stratify = data.draw(st.booleans())
    train, validation = split_validation(labels, size, stratify=stratify, seed=0)
    assert len(validation) == size
    assert sorted([*train, *validation]) == list(range(len(labels)))


@settings(max_examples=60, deadline=None)
@given(with_groups(), st.data())
def test_groups_stay_together(drawn: tuple[np.ndarray, np.ndarray], data: st.DataObject) -> None:
    labels, groups = drawn
    n = len(labels)
    n_folds = data.draw(st.integers(2, 4))
    sizes = [n // n_folds] * (n_folds - 1)
    folds = stratified_folds(labels, [*sizes, n - sum(sizes)], seed=0, groups=groups)
    for group in np.unique(groups):
        assert len(np.unique(folds[groups == group])) == 1
    # No fold is fuller than it should be by more than the last group it took.
    largest = np.bincount(groups).max()
    for fold, size in enumerate([*sizes, n - sum(sizes)]):
        assert np.count_nonzero(folds == fold) < size + largest + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=4, max_size=80), st.integers(0, 9))
def test_one_attribute_is_split_evenly(column: list[int], seed: int) -> None:
    labels = np.array(column)[:, np.newaxis]
    size = max(1, len(labels) // 4)
    folds = stratified_folds(labels, [len(labels) - size, size], seed=seed)
    for label in np.unique(labels):
        held = labels[:, 0] == label
        wanted = held.sum() * size / len(labels)
        # The last classes take what room is left, so a few more or fewer may fall to a fold.
        assert abs(np.count_nonzero(held & (folds == 1)) - wanted) < len(np.unique(labels)) + 1


def test_a_class_of_one_image_is_trained_on() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 3, (60, 2))
        labels[7, 0], labels[9, 1] = 3, 3
        train, _ = split_validation(labels, 20, stratify=True, seed=seed)
        assert {7, 9} <= set(train.tolist())


def test_stratified_parts_are_more_alike_than_random_ones() -> None:
    rng = np.random.default_rng(0)
    labels = np.stack(
        [
            rng.choice(2, 520, p=[0.5, 0.5]),
            rng.choice(11, 520, p=np.array([30, 20, 12, 10, 8, 6, 5, 4, 3, 1, 1]) / 100),
            rng.choice(11, 520, p=np.array([40, 25, 10, 8, 6, 4, 3, 1, 1, 1, 1]) / 100),
        ],
        axis=1,
    )
    labels[rng.random(labels.shape) < 0.02] = -1

    def unlikeness(stratify: bool, seed: int) -> float:
        train, validation = split_validation(labels, 120, stratify=stratify, seed=seed)
        gaps = [
            abs((labels[train, a] == c).mean() - (labels[validation, a] == c).mean())
            for a in range(3)
            for c in range(11)
        ]
        return float(np.sum(gaps))

    stratified = [unlikeness(True, seed) for seed in range(5)]
    at_random = [unlikeness(False, seed) for seed in range(5)]
    assert max(stratified) < min(at_random) / 3


def test_a_seed_gives_the_same_parts() -> None:
    labels = np.random.default_rng(0).integers(-1, 3, (50, 2))
    for stratify in (True, False):
        one, same, other = (
            split_validation(labels, 15, stratify=stratify, seed=seed)[1] for seed in (1, 1, 2)
        )
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)


def test_a_random_split_does_not_look_at_labels() -> None:
    labels = np.random.default_rng(0).integers(-1, 3, (50, 2))
    parts = [split_validation(a, 15, stratify=False, seed=0)[1] for a in (labels, labels * 0)]
    assert np.array_equal(*parts)


def test_large_groups_are_as_likely_to_validate_as_small_ones() -> None:
    groups = np.repeat(np.arange(40), [5, 1] * 20)
    labels = np.zeros((len(groups), 1), np.int64)
    shares = []
    for seed in range(40):
        _, rows = split_validation(labels, 40, stratify=False, seed=seed, groups=groups)
        validating = np.unique(groups[rows])
        shares.append([(validating % 2 == 0).mean(), len(rows)])
    large, size = np.mean(shares, axis=0)
    assert large == pytest.approx(0.5, abs=0.05)
    assert size == pytest.approx(40, abs=1)


def test_sizes_must_add_up() -> None:
    with pytest.raises(ValueError, match="add up to 4, got 5"):
        stratified_folds(np.zeros((4, 1), np.int64), [2, 3], seed=0)
