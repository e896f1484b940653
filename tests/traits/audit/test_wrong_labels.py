import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from lacunar.datasets.people.sample import PeopleSample
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.wrong_labels import confident_joint, rank_labels
from lacunar.traits.data.schema import UNKNOWN


def draw(seed: int, n: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(n_classes, size=n), rng.dirichlet(np.full(n_classes, 0.5), size=n)


def joint_by_loop(given: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Equations 1 and 2 of the paper, image by image."""
    n, n_classes = probabilities.shape
    counts = np.zeros((n_classes, n_classes), np.int64)
    mean = {j: probabilities[given == j, j].mean() for j in set(given.tolist())}
    for i in range(n):
        reached = [j for j in mean if probabilities[i, j] >= mean[j] - 1e-9]
        if reached:
            counts[given[i], max(reached, key=lambda j: (probabilities[i, j], -j))] += 1
    return counts


@drawn(seed=st.integers(0, 10_000), n=st.integers(1, 40), n_classes=st.integers(2, 6))
def test_the_confident_joint_is_that_of_a_loop(seed: int, n: int, n_classes: int) -> None:
    given, probabilities = draw(seed, n, n_classes)
    found = confident_joint(given, probabilities)
    np.testing.assert_array_equal(found.counts, joint_by_loop(given, probabilities))


def test_a_class_of_no_label_is_never_confident_and_one_of_one_label_can_be() -> None:
    given = np.array([0, 0, 0, 1])
    probabilities = np.array([[0.6, 0.1, 0.3], [0.5, 0.1, 0.4], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1]])
    found = confident_joint(given, probabilities)
    assert found.thresholds.tolist() == pytest.approx([0.4, 0.6, np.inf])
    assert found.confident.tolist() == [0, 0, 1, 1]


@drawn(seed=st.integers(0, 10_000))
def test_as_many_are_flagged_as_cells_lie_off_the_diagonal(seed: int) -> None:
    given, probabilities = draw(seed, 30, 4)
    ranked = rank_labels(given[:, np.newaxis], [probabilities])
    confident, top = confident_joint(given, probabilities).confident, probabilities.argmax(axis=1)
    assert ranked.flagged.sum() == np.count_nonzero((confident == top) & (top != given))
    doubtful = top[ranked.image] != ranked.given
    assert doubtful[ranked.flagged].all()
    # No doubtful label before the last that is flagged is left out.
    last = int(np.flatnonzero(ranked.flagged).max(initial=-1))
    assert (ranked.flagged == doubtful)[: last + 1].all()


@drawn(seed=st.integers(0, 10_000))
def test_the_suggestion_is_the_most_probable_other_class(seed: int) -> None:
    given, probabilities = draw(seed, 30, 4)
    ranked = rank_labels(given[:, np.newaxis], [probabilities])
    for row, image in enumerate(ranked.image.tolist()):
        others = {j: p for j, p in enumerate(probabilities[image]) if j != given[image]}
        assert ranked.suggested[row] == max(others, key=lambda j: others[j])
        assert ranked.confidence[row] == others[int(ranked.suggested[row])]
        assert ranked.given_probability[row] == probabilities[image, given[image]]


def test_the_order_is_that_of_the_posterior_odds_of_a_wrong_label() -> None:
    labels = np.stack([draw(0, 25, 2)[0], draw(1, 25, 7)[0]], axis=1)
    probabilities = [draw(2, 25, 2)[1], draw(3, 25, 7)[1]]
    ranked = rank_labels(labels, probabilities)
    rate = 0.05
    posterior = []
    for image, attribute in zip(ranked.image, ranked.attribute, strict=True):
        chance = probabilities[attribute][image]
        own, label = chance[labels[image, attribute]], labels[image, attribute]
        # A true class j is given as this label at rate / (C - 1).
        others = sum(chance[j] for j in range(len(chance)) if j != label)
        wrong = others * rate / (len(chance) - 1)
        posterior.append(wrong / (wrong + own * (1 - rate)))
    assert posterior == sorted(posterior, reverse=True)


def test_unknown_labels_are_left_out() -> None:
    labels = np.array([[0, UNKNOWN], [UNKNOWN, UNKNOWN], [1, UNKNOWN]])
    sure = np.array([[0.9, 0.1], [0.5, 0.5], [0.8, 0.2]])
    ranked = rank_labels(labels, [sure, sure])
    assert ranked.image.tolist() == [2, 0]
    assert ranked.attribute.tolist() == [0, 0]


def test_certain_predictions_give_finite_ranks() -> None:
    ranked = rank_labels(np.array([[0], [1], [1]]), [np.array([[0.0, 1], [0, 1], [1, 0]])])
    assert ranked.image.tolist() == [0, 2, 1]
    assert ranked.flagged.tolist() == [True, True, False]


def test_planted_labels_are_flagged_first(
    flawed_findings: AuditFindings, flawed_people: PeopleSample
) -> None:
    planted = {
        (wrong.filename, wrong.column, wrong.given, wrong.true)
        for wrong in flawed_people.truth.wrong_labels
        if wrong.part == "train"
    }
    ranked = flawed_findings.wrong_labels
    assert ranked is not None
    attributes = flawed_findings.schema.attributes
    first = {
        (
            flawed_findings.images.place(int(ranked.image[row]))[1],
            attributes[ranked.attribute[row]].column,
            int(ranked.given[row]),
            int(ranked.suggested[row]),
        )
        for row in range(len(planted))
    }
    assert len(first & planted) >= 0.8 * len(planted)
