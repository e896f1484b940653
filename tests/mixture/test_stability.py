from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from lacunar.mixture import stability
from lacunar.mixture.stability import (
    co_association,
    consensus,
    leave_out_stability,
    median_pairwise_ari,
    membership_stability,
    near_best,
    pairwise_ari,
)

Labels = NDArray[np.int64]
several = st.tuples(st.integers(1, 5), st.integers(1, 12)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(-2, 4))
)


def random_labels(b: int, n: int, k: int, seed: int = 0) -> Labels:
    return np.random.default_rng(seed).integers(0, k, (b, n))


def renumbered(labels: Labels) -> Labels:
    """Each row under other labels of its own."""
    shifts = np.arange(len(labels))[:, np.newaxis]
    return np.asarray(7 * shifts - 3 * labels)


@given(several)
def test_ari_is_that_of_scikit_learn(labels: Labels) -> None:
    expected = [[adjusted_rand_score(left, right) for right in labels] for left in labels]
    np.testing.assert_allclose(pairwise_ari(labels), expected, atol=1e-12)


@given(several)
def test_relabelling_changes_nothing(labels: Labels) -> None:
    other = renumbered(labels)
    np.testing.assert_allclose(pairwise_ari(other), pairwise_ari(labels), atol=1e-12)
    np.testing.assert_array_equal(co_association(other), co_association(labels))
    np.testing.assert_array_equal(consensus(other, 3), consensus(labels, 3))
    np.testing.assert_allclose(
        membership_stability(other, 5 - labels[0]), membership_stability(labels, labels[0])
    )


@given(several)
def test_identical_restarts_agree_entirely(labels: Labels) -> None:
    same = renumbered(np.repeat(labels[:1], 3, axis=0))
    np.testing.assert_array_equal(pairwise_ari(same), 1)
    assert median_pairwise_ari(same) == 1
    np.testing.assert_allclose(membership_stability(same, labels[0]), 1)
    k = len(np.unique(labels[0]))
    assert pairwise_ari(np.stack([consensus(same, k), labels[0]]))[0, 1] == 1


def test_independent_labels_agree_by_chance_alone() -> None:
    assert abs(median_pairwise_ari(random_labels(12, 2_000, 4))) < 0.01


def test_pieces_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = random_labels(7, 50, 3)
    functions = (
        pairwise_ari,
        co_association,
        lambda rows: membership_stability(rows, rows[0]),
    )
    whole = [function(labels) for function in functions]
    monkeypatch.setattr(stability, "_PIECE", 150)
    for function, expected in zip(functions, whole, strict=True):
        np.testing.assert_allclose(function(labels), expected, atol=1e-12)


def test_near_best_are_the_highest_scores_first() -> None:
    scores = np.array([-2.0, -1.0, -np.inf, -1.0, -3.0])
    assert near_best(scores, 3).tolist() == [1, 3, 0]
    assert near_best(scores, 9).tolist() == [1, 3, 0, 4, 2]


def test_the_median_leaves_out_each_partition_with_itself() -> None:
    labels = random_labels(5, 40, 3)
    pairs = [adjusted_rand_score(left, right) for left, right in combinations(labels, 2)]
    assert median_pairwise_ari(labels) == pytest.approx(np.median(pairs))
    with pytest.raises(ValueError, match="at least 2 partitions to compare, got 1"):
        median_pairwise_ari(labels[:1])


@given(several)
def test_co_association_counts_restarts_that_pair_two_rows(labels: Labels) -> None:
    b, n = labels.shape
    expected = [[sum(row[i] == row[j] for row in labels) / b for j in range(n)] for i in range(n)]
    np.testing.assert_allclose(co_association(labels), expected)


def test_co_association_refuses_too_many_rows() -> None:
    with pytest.raises(ValueError, match="at most 5000 rows for all pairs, got 5001"):
        co_association(np.zeros((2, 5001), dtype=np.int64))


def test_consensus_is_average_linkage_on_disagreement() -> None:
    labels = random_labels(9, 30, 3)
    tree = linkage(squareform(1 - co_association(labels)), method="average")
    expected = fcluster(tree, 4, criterion="maxclust")
    found = consensus(labels, 4)
    assert adjusted_rand_score(found, expected) == 1
    assert found[0] == 0
    assert sorted(set(found)) == list(range(4))


def test_consensus_corrects_the_errors_of_single_restarts() -> None:
    truth = np.repeat([0, 1, 2], 40)
    generator = np.random.default_rng(1)
    wrong = generator.random((25, 120)) < 0.25
    labels = np.where(wrong, generator.integers(0, 3, (25, 120)), truth)
    assert median_pairwise_ari(labels) < 0.7
    assert np.array_equal(consensus(labels, 3), truth)


@given(several)
def test_membership_stability_is_the_mean_jaccard_index_of_groups(labels: Labels) -> None:
    reference, n = labels[-1], labels.shape[1]
    expected = np.zeros(n)
    for i in range(n):
        own = {j for j in range(n) if reference[j] == reference[i]}
        groups = [{j for j in range(n) if row[j] == row[i]} for row in labels]
        expected[i] = np.mean([len(own & group) / len(own | group) for group in groups])
    np.testing.assert_allclose(membership_stability(labels, reference), expected)


def test_rows_between_groups_are_the_unstable_ones() -> None:
    reference = np.repeat([0, 1], 20)
    labels = np.tile(reference, (10, 1))
    labels[::2, 0] = 1
    stable = membership_stability(labels, reference)
    assert stable.argmin() == 0
    assert stable[0] < 0.8 < stable[1:].min()


def test_leaving_rows_out_compares_the_kept_ones() -> None:
    labels = random_labels(1, 50, 3)[0]
    seen: list[NDArray[np.intp]] = []

    def refit(kept: NDArray[np.intp]) -> Labels:
        seen.append(kept)
        return np.roll(labels[kept], 1)

    found = leave_out_stability(refit, labels, share=0.2, rounds=4, seed=7)
    expected = [adjusted_rand_score(np.roll(labels[kept], 1), labels[kept]) for kept in seen]
    # The order of threads does not matter.
    np.testing.assert_allclose(np.sort(found), np.sort(expected))
    assert all(len(kept) == 40 and (np.diff(kept) > 0).all() for kept in seen)
    assert len({kept.tobytes() for kept in seen}) == 4
    again = leave_out_stability(refit, labels, share=0.2, rounds=4, seed=7)
    np.testing.assert_array_equal(again, found)


def test_a_fit_that_does_not_depend_on_other_rows_is_stable() -> None:
    labels = random_labels(1, 30, 3)[0]
    np.testing.assert_array_equal(leave_out_stability(lambda kept: -labels[kept], labels), 1)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.99, 1.0])
def test_a_share_must_leave_out_some_and_keep_some(share: float) -> None:
    with pytest.raises(ValueError, match="expected a share that leaves out 1 to 8 of 10 rows"):
        leave_out_stability(lambda kept: kept, np.arange(10), share=share)
