from __future__ import annotations

import numpy as np
import pytest

from lacunar.aliases import FloatArray
from lacunar.mixture.em import e_step, m_step
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.rows import complete, direct
from lacunar.mixture.rows.complete import CompleteRows

FORMS: list[CovarianceType] = ["full", "diag"]


def mixtures(x: FloatArray, form: CovarianceType) -> MixtureParameters:
    labels = np.random.default_rng(1).integers(0, 3, size=(2, len(x))).astype(np.int32)
    return m_step(CompleteRows(x, form).start(labels, 3), 1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_differences_give_what_matrix_products_give(
    blobs: FloatArray, form: CovarianceType, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, start = CompleteRows(blobs, form), mixtures(blobs, form)
    bound, sums = e_step(rows, start)
    monkeypatch.setattr(complete, "_LARGEST_SQUARE", -1.0)
    monkeypatch.setattr(direct, "_BLOCK_NUMBERS", 500)
    other_bound, other_sums = e_step(rows, start)
    np.testing.assert_allclose(other_bound, bound, rtol=1e-12)
    assert other_sums.centre is not None
    one, other = m_step(sums, 0), m_step(other_sums, 0)
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-8, atol=1e-10)
    about_origin = other_sums.about_origin()
    np.testing.assert_allclose(about_origin.first, sums.first, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(about_origin.second, sums.second, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_groups_far_apart_keep_their_digits(form: CovarianceType) -> None:
    near = np.random.default_rng(0).normal(size=(40, 2)) * 1e-2
    far = np.concatenate([near[:20] - 1e5, near[20:] + 1e5])
    labels = np.repeat(np.int32([0, 1]), 20)[np.newaxis]
    rows = CompleteRows(far, form)
    start = rows.start(labels, 2)
    _, sums = e_step(rows, m_step(start, 1e-6))
    for found in (m_step(start, 0).covariances[0], m_step(sums, 0).covariances[0]):
        for group, covariance in zip((near[:20], near[20:]), found, strict=True):
            expected = np.cov(group.T, bias=True)
            # One rounding of 1e5 is 1.5e-11, beside differences of 1e-2.
            np.testing.assert_allclose(
                covariance, expected if form == "full" else np.diag(expected), rtol=1e-6
            )
