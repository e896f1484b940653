from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lacunar.taste.recommend import ease as module
from lacunar.taste.recommend.ease import (
    DualEase,
    PrimalEase,
    _gram,
    _inverse,
    fit_ease,
)


def random_rows(n: int, n_items: int, seed: int, density: float = 0.3) -> sp.csr_array:
    generator = np.random.default_rng(seed)
    values = generator.random((n, n_items)) * (generator.random((n, n_items)) < density)
    return sp.csr_array(values)


def ease(rows: sp.csr_array, penalty: float) -> np.ndarray:
    """Steck's formula, as the paper has it."""
    gram = (rows.T @ rows).toarray() + penalty * np.eye(rows.shape[1])
    precision = np.linalg.inv(gram)
    weights = -precision / precision.diagonal()
    np.fill_diagonal(weights, 0)
    return weights


def ridge_without_itself(rows: sp.csr_array, penalty: float, target: int) -> np.ndarray:
    """Regression of one film on all others, solved on its own."""
    x = rows.toarray()
    others = np.arange(x.shape[1]) != target
    a = x[:, others].T @ x[:, others] + penalty * np.eye(others.sum())
    weights = np.zeros(x.shape[1])
    weights[others] = np.linalg.solve(a, x[:, others].T @ x[:, target])
    return weights


@given(
    n=st.integers(1, 30),
    n_items=st.integers(2, 30),
    seed=st.integers(0, 10**6),
    penalty=st.floats(0.1, 100),
)
@settings(max_examples=60, deadline=None)
def test_both_forms_equal_the_paper(n: int, n_items: int, seed: int, penalty: float) -> None:
    rows = random_rows(n, n_items, seed)
    model = fit_ease(rows, penalty)
    assert isinstance(model, DualEase if n < n_items else PrimalEase)
    weights = ease(rows, penalty)
    everything = range(n_items)
    assert model.weights(everything, everything) == pytest.approx(weights, abs=1e-9)
    assert model.predict(rows) == pytest.approx(rows.toarray() @ weights, abs=1e-9)


@pytest.mark.parametrize("n", [8, 40])
def test_weights_are_a_ridge_regression_of_each_film_on_the_others(n: int) -> None:
    rows = random_rows(n, 20, seed=1)
    model = fit_ease(rows, 3.0)
    for target in (0, 7, 19):
        expected = ridge_without_itself(rows, 3.0, target)
        assert model.weights(range(20), [target])[:, 0] == pytest.approx(expected, abs=1e-10)


def test_predictions_for_rows_that_were_not_fitted() -> None:
    rows, new = random_rows(10, 25, seed=2), random_rows(4, 25, seed=3)
    assert fit_ease(rows, 2.0).predict(new) == pytest.approx(
        new.toarray() @ ease(rows, 2.0), abs=1e-10
    )


def test_films_beyond_the_limit_have_no_weights_and_the_others_are_fitted_without_them() -> None:
    rows = random_rows(60, 12, seed=4)
    model = fit_ease(rows, 2.0, max_films=8)
    assert isinstance(model, PrimalEase)
    volume = rows.toarray().sum(axis=0)
    assert set(model.items) == set(np.argsort(-volume)[:8])
    left_out = np.setdiff1d(np.arange(12), model.items)
    everything = range(12)
    weights = model.weights(everything, everything)
    assert not weights[left_out].any()
    assert not weights[:, left_out].any()
    kept = sp.csr_array(rows.toarray()[:, model.items])
    assert weights[np.ix_(model.items, model.items)] == pytest.approx(ease(kept, 2.0), abs=1e-10)
    assert model.predict(rows) == pytest.approx(rows.toarray() @ weights, abs=1e-10)


def test_sparse_storage_keeps_the_largest_weights_of_each_film() -> None:
    rows = random_rows(60, 20, seed=5)
    model = fit_ease(rows, 2.0, max_dense=10, neighbours=6)
    assert isinstance(model, PrimalEase)
    assert sp.issparse(model.matrix)
    full, found = ease(rows, 2.0), model.weights(range(20), range(20))
    for target in range(20):
        largest = np.argsort(-np.abs(full[:, target]))[:6]
        assert set(np.flatnonzero(found[:, target])) == set(largest)
        assert found[largest, target] == pytest.approx(full[largest, target], abs=1e-10)
    assert model.predict(rows) == pytest.approx(rows.toarray() @ found, abs=1e-10)


@pytest.mark.parametrize("density", [0.01, 0.9])
def test_the_sparse_and_the_dense_gram_matrix_are_equal(density: float) -> None:
    rows = random_rows(1500, 40, seed=6, density=density)
    expected = (rows.T @ rows).toarray()
    assert np.tril(_gram(rows)) == pytest.approx(np.tril(expected), abs=1e-9)


@pytest.mark.parametrize("n", [1, 5, 1100])
def test_the_inverse_of_a_lower_triangle(n: int) -> None:
    x = np.random.default_rng(7).standard_normal((n, n + 5))
    matrix = x @ x.T + n * np.eye(n)
    found = _inverse(np.tril(matrix))
    assert found @ matrix == pytest.approx(np.eye(n), abs=1e-8)
    assert (found == found.T).all()


@pytest.mark.parametrize("n_items", [3, 8, 41])
def test_blocks_of_films_change_no_bit_of_the_lower_triangle(
    monkeypatch: pytest.MonkeyPatch, n_items: int
) -> None:
    rows = random_rows(200, n_items, 7, density=0.01)
    expected = np.tril(_gram(rows))
    monkeypatch.setattr(module, "_FILMS_PER_BLOCK", 3)
    monkeypatch.setattr(module, "_BLOCKS", 2)
    assert np.tril(_gram(rows)).tobytes() == expected.tobytes()
    assert expected == pytest.approx(np.tril((rows.T @ rows).toarray()))
