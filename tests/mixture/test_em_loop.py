from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, m_step
from lacunar.mixture.em_loop import EmResult, run_em, steps_expected
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.rows.complete import CompleteRows

SETTINGS = {"tol": 1e-6, "max_iter": 200, "reg_covar": 1e-6}


def started(rows: CompleteRows, x: FloatArray) -> MixtureParameters:
    return m_step(rows.start(kmeans_labels(x, 4, range(6)), 4), 1e-6)


def test_a_restart_ends_as_it_does_alone(blobs: FloatArray) -> None:
    rows = CompleteRows(blobs, "diag", 24)
    start = started(rows, blobs)
    together = run_em(partial(e_step, rows), rows.n_rows, start, **SETTINGS)
    assert len(set(together.n_iter.tolist())) > 1
    for restart in range(6):
        own = start.take(np.array([restart]))
        alone = run_em(partial(e_step, rows), rows.n_rows, own, **SETTINGS)
        assert alone.n_iter[0] == together.n_iter[restart]
        np.testing.assert_allclose(alone.lower_bound[0], together.lower_bound[restart], rtol=1e-9)


def test_the_start_is_not_changed(blobs: FloatArray) -> None:
    rows = CompleteRows(blobs, "diag", 24)
    start = started(rows, blobs)
    before = start.copy()
    run_em(partial(e_step, rows), rows.n_rows, start, **SETTINGS)
    for name in ("weights", "means", "covariances"):
        assert (getattr(start, name) == getattr(before, name)).all()


def test_progress_reports_every_iteration(blobs: FloatArray) -> None:
    rows = CompleteRows(blobs, "diag", 24)
    calls: list[tuple[int, int]] = []
    found = run_em(
        partial(e_step, rows),
        rows.n_rows,
        started(rows, blobs),
        progress=lambda done, total: calls.append((done, total)),
        **SETTINGS,
    )
    steps = found.n_iter.max()
    assert [done for done, _ in calls] == list(range(1, steps + 1))
    assert all(done <= total <= 200 for done, total in calls)
    assert calls[-1] == (steps, steps)


def test_expected_steps_are_exact_for_geometric_changes() -> None:
    changes = (3 * 0.9 ** np.arange(60)).tolist()
    last = 1 + next(step for step, change in enumerate(changes) if change < 0.05)
    expected = [steps_expected(changes[:steps], 0.05, 500) for steps in range(1, last + 1)]
    # One step is not enough for an estimate.
    assert expected[0] == 500
    assert set(expected[1:]) == {last}


@pytest.mark.parametrize("changes", [[1.0, 1.0], [1.0, 2.0], [np.inf, np.inf, np.inf]])
def test_without_convergence_the_largest_number_of_steps_is_expected(changes: list[float]) -> None:
    assert steps_expected(changes, 0.1, 70) == 70


def test_without_a_tolerance_the_largest_number_of_steps_is_expected() -> None:
    assert steps_expected([2.0, 1.0, 0.5], 0.0, 70) == 70


def ended(bounds: list[float], variances: list[float]) -> EmResult:
    b = len(bounds)
    covariances = np.array(variances)[:, np.newaxis, np.newaxis]
    mixtures = MixtureParameters(np.ones((b, 1)), np.zeros((b, 1, 1)), covariances)
    ones, bound = np.ones(b, dtype=np.intp), np.array(bounds)
    return EmResult(mixtures, bound, ones, ones.astype(bool), bound[:, np.newaxis])


def test_the_highest_lower_bound_wins_unless_it_is_degenerate() -> None:
    found = ended([1.0, 9.0, 2.0, 2.0], [0.5, 1e-6, 0.25, 0.125])
    assert found.best().covariances.item() == 1e-6
    assert found.best(1e-6).covariances.item() == 0.25
    assert ended([1.0, 2.0], [1e-6, 1e-7]).best(1e-6).covariances.item() == 1e-7
