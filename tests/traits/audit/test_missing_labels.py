import numpy as np
import pytest

from lacunar.traits.audit import missing_labels
from lacunar.traits.audit.missing_labels import rank_gaps
from lacunar.traits.data.schema import UNKNOWN


def draw(seed: int = 0, n: int = 60) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    sizes = (2, 5)
    labels = np.stack([rng.integers(size, size=n) for size in sizes], axis=1)
    labels[rng.random(labels.shape) < 0.4] = UNKNOWN
    return labels, [rng.dirichlet(np.full(size, 0.4), size=n) for size in sizes]


def greedy_by_loop(
    labels: np.ndarray, probabilities: list[np.ndarray]
) -> list[tuple[int, int, float]]:
    had = [
        1 + np.bincount(column[column >= 0], minlength=found.shape[1]).astype(float)
        for column, found in zip(labels.T, probabilities, strict=True)
    ]
    left = [(int(i), int(a)) for i, a in np.argwhere(labels == UNKNOWN)]
    order = []
    while left:
        worth = {}
        for i, a in left:
            chance = probabilities[a][i]
            worth[i, a] = (1 - chance.max()) * (chance / had[a]).sum() / len(chance)
        i, a = max(left, key=lambda gap: worth[gap])
        order.append((i, a, worth[i, a]))
        had[a] += (1 - probabilities[a][i].max()) * probabilities[a][i]
        left.remove((i, a))
    return order


def test_the_order_is_that_of_a_greedy_loop() -> None:
    labels, probabilities = draw()
    ranked = rank_gaps(labels, probabilities)
    expected = greedy_by_loop(labels, probabilities)
    assert list(zip(ranked.image, ranked.attribute, strict=True)) == [gap[:2] for gap in expected]
    assert ranked.value.tolist() == pytest.approx([gap[2] for gap in expected])


@pytest.mark.parametrize("steps", [4, 1000])
def test_values_fall_and_every_gap_is_ranked_once(
    monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(missing_labels, "_STEPS", steps)
    labels, probabilities = draw(1)
    ranked = rank_gaps(labels, probabilities)
    assert (np.diff(ranked.value) <= 1e-15).all()
    found = set(zip(ranked.image.tolist(), ranked.attribute.tolist(), strict=True))
    assert len(found) == len(ranked)
    assert found == {(i, a) for i, a in np.argwhere(labels == UNKNOWN).tolist()}


def test_what_is_probably_rare_goes_before_what_is_probably_frequent() -> None:
    labels = np.array([[0]] * 20 + [[1]] + [[UNKNOWN]] * 2)
    frequent, rare = np.array([0.8, 0.2]), np.array([0.2, 0.8])
    found = np.stack([*[frequent] * 21, frequent, rare])
    ranked = rank_gaps(labels, [found])
    assert ranked.image.tolist() == [22, 21]
    assert ranked.likely.tolist() == [1, 1]
    assert ranked.probability.tolist() == [0.8, 0.2]


def test_what_the_model_is_certain_of_adds_nothing() -> None:
    labels = np.array([[0], [1], [UNKNOWN], [UNKNOWN]])
    found = np.array([[0.5, 0.5], [0.5, 0.5], [0.0, 1.0], [0.6, 0.4]])
    ranked = rank_gaps(labels, [found])
    assert ranked.image.tolist() == [3, 2]
    assert ranked.value[1] == 0


def test_copies_are_asked_for_once_and_known_copies_never() -> None:
    labels = np.array([[UNKNOWN], [UNKNOWN], [UNKNOWN], [1], [0]])
    found = np.full((5, 2), 0.5)
    ranked = rank_gaps(labels, [found], groups=np.array([0, 0, 1, 1, 2]))
    assert ranked.image.tolist() == [0, 1, 2]
    assert (ranked.value > 0).tolist() == [True, False, False]


def test_data_without_gaps_have_none() -> None:
    assert len(rank_gaps(np.array([[0], [1]]), [np.full((2, 2), 0.5)])) == 0
