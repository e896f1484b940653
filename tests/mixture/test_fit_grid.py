from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.fit_grid import Criterion, FitGrid, explain_choice

criteria = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.integers(0, 6)
)


def fit_grid(
    bic: FloatArray | Sequence[Sequence[float]],
    *,
    icl: FloatArray | Sequence[Sequence[float]] | None = None,
    degenerate: FloatArray | Sequence[Sequence[bool]] | None = None,
    held_out: Sequence[float] | None = None,
    agreement: Sequence[float] | None = None,
) -> FitGrid:
    """A grid over K = 2, 3, ... in which only the named criteria matter."""
    scores = np.asarray(bic, dtype=np.float64)
    n_k, n_seeds = scores.shape
    return FitGrid(
        covariance_type="full",
        n_components=tuple(range(2, 2 + n_k)),
        seeds=tuple(range(n_seeds)),
        lower_bound=-scores,
        log_likelihood=-scores,
        bic=scores,
        icl=scores if icl is None else np.asarray(icl, dtype=np.float64),
        n_iter=np.ones(scores.shape, dtype=np.intp),
        converged=np.ones(scores.shape, dtype=bool),
        degenerate=np.zeros(scores.shape, bool) if degenerate is None else np.asarray(degenerate),
        held_out=np.full(n_k, np.nan) if held_out is None else np.asarray(held_out),
        agreement=np.full(n_k, np.nan) if agreement is None else np.asarray(agreement),
    )


# One row per K = 2, 3, 4; a column per seed. K = 4 has the lowest value, K = 3 the most seeds.
BIC = [[5.0, 9.0, 9.0], [6.0, 4.0, 4.0], [1.0, 8.0, 8.0]]


def test_each_seed_votes_for_the_k_of_its_lowest_bic() -> None:
    assert list(fit_grid(BIC).k_frequency().items()) == [(3, 2), (4, 1)]
    assert fit_grid(BIC).best_k("vote") == 3


def test_equally_many_votes_prefer_fewer_components() -> None:
    tied = fit_grid([[5.0, 1.0], [1.0, 5.0]])
    assert list(tied.k_frequency().items()) == [(2, 1), (3, 1)]
    assert tied.best_k("vote") == 2


@settings(deadline=None)
@given(criteria)
def test_votes_add_up_to_the_seeds_and_descend(bic: FloatArray) -> None:
    frequency = fit_grid(bic).k_frequency()
    plain = [2 + column.tolist().index(min(column)) for column in bic.T]
    assert frequency == {k: plain.count(k) for k in set(plain)}
    assert sorted(frequency.items(), key=lambda entry: (-entry[1], entry[0])) == list(
        frequency.items()
    )


@settings(deadline=None)
@given(criteria, st.data())
def test_bic_and_icl_take_the_k_of_the_lowest_fit_that_is_not_degenerate(
    scores: FloatArray, data: st.DataObject
) -> None:
    degenerate = data.draw(arrays(np.bool_, scores.shape))
    degenerate[data.draw(st.integers(0, len(scores) - 1)), 0] = False
    eligible = [
        (score, 2 + row)
        for (row, seed), score in np.ndenumerate(scores)
        if not degenerate[row, seed]
    ]
    best = min(eligible)[1]
    assert fit_grid(scores, degenerate=degenerate).best_k("bic") == best
    other = fit_grid(np.zeros_like(scores), icl=scores, degenerate=degenerate)
    assert other.best_k("icl") == best


def test_bic_and_icl_may_differ() -> None:
    both = fit_grid(BIC, icl=[[1.0, 9.0, 9.0], [9.0, 9.0, 9.0], [9.0, 9.0, 9.0]])
    assert (both.best_k("bic"), both.best_k("icl")) == (4, 2)


def test_a_degenerate_fit_cannot_win_although_it_may_vote() -> None:
    collapsed = fit_grid(
        [[5.0, 5.0], [-1e9, 4.0], [-1e8, -1e8]],
        degenerate=[[False, False], [True, False], [True, True]],
    )
    assert collapsed.best_k("bic") == 3
    assert collapsed.best_k("icl") == 3
    assert collapsed.k_frequency() == {3: 1, 4: 1}


def test_the_held_out_likelihood_is_highest_where_it_was_computed() -> None:
    assert fit_grid(BIC, held_out=[-3.0, -2.0, float("nan")]).best_k("held-out") == 3


def test_the_held_out_criterion_needs_folds() -> None:
    with pytest.raises(InputError, match="folds of at least 2"):
        fit_grid(BIC).best_k("held-out")


@pytest.mark.parametrize("criterion", ["bic", "icl", "held-out"])
def test_no_k_is_chosen_if_every_fit_is_degenerate(criterion: Criterion) -> None:
    collapsed = fit_grid(BIC, degenerate=np.ones((3, 3), dtype=bool), held_out=[1.0, 2.0, 3.0])
    with pytest.raises(InputError, match=r"set a prior \(`prior_users`=3\), keep the gaps"):
        collapsed.best_k(criterion)


def test_a_vote_is_explained_by_its_seeds() -> None:
    assert explain_choice(fit_grid(BIC), "vote", (1,)) == (
        "K = 3 has the lowest BIC for 2 of 3 seeds, more than any other K; 1 seed found this "
        "very partition, more than any other"
    )


@pytest.mark.parametrize(
    ("criterion", "k", "preference"),
    [
        ("bic", 4, "the lowest BIC"),
        ("icl", 4, "the lowest ICL"),
        ("held-out", 3, "the highest likelihood of left-out rows"),
    ],
)
def test_other_criteria_are_named(criterion: Criterion, k: int, preference: str) -> None:
    sentence = explain_choice(fit_grid(BIC, held_out=[1.0, 3.0, 2.0]), criterion, (0, 2))
    assert sentence == (
        f"K = {k} has {preference} of K = 2 to 4, each fitted from 3 seeds; 2 seeds found this "
        "very partition"
    )


def test_the_agreement_of_the_best_restarts_is_explained_if_one_of_them_is_chosen() -> None:
    agreed = fit_grid(BIC, agreement=[0.1, 0.2, 0.876])
    assert explain_choice(agreed, "bic", (0,)).endswith("adjusted Rand index of 0.88")
    assert "adjusted Rand index" not in explain_choice(agreed, "vote", (0,))


def test_degenerate_fits_are_explained_as_excluded_if_they_could_not_win() -> None:
    flags = np.zeros((3, 3), dtype=bool)
    flags[2, 1] = True
    sentence = explain_choice(fit_grid(BIC, degenerate=flags), "bic", (0,))
    assert sentence.endswith("1 of the 3 fits at this K are degenerate and could not win")
    assert "artefact" not in sentence


def test_only_degenerate_fits_at_the_chosen_k_are_explained() -> None:
    flags = np.zeros((3, 3), dtype=bool)
    flags[1, :2] = True
    collapsed = fit_grid(BIC, degenerate=flags)
    assert "But 2 of the 3 fits at this K are degenerate" in explain_choice(collapsed, "vote", (0,))
    assert "degenerate" not in explain_choice(collapsed, "bic", (0,))


def test_refits_are_explained_if_there_are_any() -> None:
    sentence = explain_choice(fit_grid(BIC), "bic", (0,), np.array([0.8, 0.9]))
    assert "refitted without a tenth of the users, segments come back at 0.85" in sentence
    assert "refitted" not in explain_choice(fit_grid(BIC), "bic", (0,), np.empty(0))
