from __future__ import annotations

import numpy as np
import pytest

from lacunar.aliases import FloatArray
from lacunar.mixture import held_out_cells
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.held_out_cells import choose_by_held_out_cells


def groups(n: int, spread: float) -> FloatArray:
    """Rows of three groups, of which a cell tells the others, scaled, with gaps."""
    rng = np.random.default_rng(0)
    means = np.array([[0.0, 0, 4, 4], [4, 0, 0, 0], [0, 4, 0, 4]])
    x = means[rng.integers(0, 3, n)] + rng.normal(scale=spread, size=(n, 4))
    x[rng.random(x.shape) < 0.1] = np.nan
    return (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)


def choose(x: FloatArray, **settings: object) -> held_out_cells.HeldOutChoice:
    arguments: dict[str, object] = {"n_components": (1, 2, 3, 5), "prior_rows": (1.0, 10.0)}
    return choose_by_held_out_cells(
        MixtureData(x),
        EmOptions("full"),
        **arguments | {"seed": 0} | settings,  # type: ignore[arg-type]
    )


def test_planted_groups_are_found() -> None:
    assert choose(groups(300, 0.3)).n_components == 3


def test_normal_rows_need_one_component_and_larger_ones_are_not_all_tried() -> None:
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal(np.zeros(4), 0.7 + 0.3 * np.eye(4), size=200)
    found = choose(x, n_components=range(1, 20))
    assert found.n_components == 1
    assert max(k for k, _ in found.errors) < 10


def test_the_fewest_components_close_to_the_least_error_win() -> None:
    found = choose(groups(100, 1.0))
    least = min(found.errors.values())
    of_chosen = [error for (k, _), error in found.errors.items() if k == found.n_components]
    assert found.errors[found.n_components, found.prior_rows] == min(of_chosen) <= 1.005 * least
    fewer = [error for (k, _), error in found.errors.items() if k < found.n_components]
    assert all(error > 1.005 * least for error in fewer)


def test_hidden_cells_are_known_and_every_column_keeps_one() -> None:
    rng = np.random.default_rng(0)
    known = rng.random((400, 6)) < 0.5
    hidden = held_out_cells._hidden_cells(known, rng)
    assert not (hidden & ~known).any()
    assert hidden.sum() / known.sum() == pytest.approx(0.2, abs=0.04)
    for _ in range(50):
        known = rng.random((2, 6)) < 0.8
        known[0] = True
        assert (known & ~held_out_cells._hidden_cells(known, rng)).any(axis=0).all()


def test_many_rows_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = held_out_cells.fill_gaps

    def counted(data: MixtureData, *rest: object) -> FloatArray:
        seen.append(len(data.values))
        return real(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(held_out_cells, "fill_gaps", counted)
    monkeypatch.setattr(held_out_cells, "_MOST_ROWS", 50)
    choose(groups(200, 1.0), n_components=(1,))
    assert set(seen) == {50}
