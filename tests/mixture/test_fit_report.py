from __future__ import annotations

import numpy as np
import pytest

from lacunar.aliases import FloatArray
from lacunar.mixture import GaussianMixture


def test_a_quiet_fit_prints_nothing(blobs: FloatArray, capsys: pytest.CaptureFixture[str]) -> None:
    GaussianMixture(3, random_state=0).fit(blobs)
    assert capsys.readouterr().out == ""


def test_a_verbose_fit_prints_iterations_and_ends(
    blobs: FloatArray, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = GaussianMixture(3, random_state=0, verbose=True, verbose_interval=2).fit(blobs)
    lines = capsys.readouterr().out.splitlines()
    steps = np.arange(2, fitted.n_iter_ + 1, 2)
    assert lines == [*(f"  Iteration {i}" for i in steps), "Initialization 0 converged."]


def test_a_very_verbose_fit_prints_times_and_bounds(
    blobs: FloatArray, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = GaussianMixture(3, random_state=0, n_init=2, verbose=2, verbose_interval=1).fit(blobs)
    out = capsys.readouterr().out
    assert "  Iteration 1\t time " in out
    assert f"lower bound {fitted.lower_bound_:.5f}" in out
    assert "Initialization 1 converged." in out
