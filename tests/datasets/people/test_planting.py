import numpy as np
import pytest

from lacunar.datasets.people.camera import FLAWS
from lacunar.datasets.people.labels import N_CLASSES, draw_labels
from lacunar.datasets.people.planting import near_duplicate, plan_faults, planted_truth

LABELS = np.concatenate(
    [draw_labels(part, 20, np.random.default_rng(p)) for p, part in enumerate(("train", "test"))]
)


def plan(seed=0, n_train=20, **faults):
    none = {"wrong_labels": 0, "bad_images": 0, "duplicates": 0}
    return plan_faults(LABELS, n_train, **(none | faults), rng=np.random.default_rng(seed))


def test_a_row_gets_one_fault_at_most():
    made = plan(wrong_labels=10, bad_images=10, duplicates=10)
    rows = [*made.wrong, *made.flaws, *made.copies, *(first for first, _ in made.copies.values())]
    assert sorted(rows) == list(range(40))


@pytest.mark.parametrize("seed", range(20))
def test_a_wrong_label_is_another_class_of_a_known_label(seed):
    for row, (column, given) in plan(seed, wrong_labels=40).wrong.items():
        assert LABELS[row, column] != -1
        assert 0 <= given < N_CLASSES[column]
        assert given != LABELS[row, column]


def test_flaws_and_kinds_of_duplicates_take_turns():
    made = plan(bad_images=12, duplicates=8)
    assert sorted(made.flaws.values()) == sorted(2 * FLAWS)
    kinds = [
        ((first < 20) == (second < 20), exact) for second, (first, exact) in made.copies.items()
    ]
    assert sorted(kinds) == sorted(2 * [(True, True), (False, False), (True, False), (False, True)])


@pytest.mark.parametrize("n_train", [1, 39])
def test_rows_of_the_other_part_are_used_if_one_has_none_left(n_train):
    made = plan(n_train=n_train, duplicates=20)
    rows = [*made.copies, *(first for first, _ in made.copies.values())]
    assert sorted(rows) == list(range(40))


def test_a_near_copy_is_shifted_lit_otherwise_and_noisy():
    rng = np.random.default_rng(0)
    image = np.arange(60 * 30 * 3).reshape(60, 30, 3) % 200 + 20
    image = image.astype(np.uint8)
    near = near_duplicate(image, rng)
    assert near.shape == image.shape
    assert near.dtype == np.uint8
    assert (near != image).any()
    shifts = [
        (down, right)
        for down in (-2, -1, 1, 2)
        for right in (-2, -1, 1, 2)
        if np.corrcoef(np.roll(image, (-down, -right), (0, 1))[2:-2, 2:-2].ravel(),
                       near[2:-2, 2:-2].ravel())[0, 1] > 0.99
    ]  # fmt: skip
    assert len(shifts) == 1


def test_the_truth_names_files():
    made = plan(wrong_labels=2, bad_images=1, duplicates=1)
    places = [("train" if row < 20 else "test", f"{row}.png") for row in range(40)]
    truth = planted_truth(made, LABELS, places)
    assert {(w.part, w.filename) for w in truth.wrong_labels} == {places[r] for r in made.wrong}
    assert [(b.part, b.filename) for b in truth.bad_images] == [places[r] for r in made.flaws]
    ((second, (first, exact)),) = made.copies.items()
    (pair,) = truth.duplicates
    assert (pair.first, pair.second, pair.exact) == (places[first], places[second], exact)
