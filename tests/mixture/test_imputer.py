from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture import GaussianMixtureImputer
from lacunar.mixture.covariance_types import SklearnCovarianceType

KINDS = ["full", "tied", "diag", "spherical"]


@pytest.fixture
def holed(blobs: FloatArray) -> FloatArray:
    """Rows with a third of the cells unknown, one of them without any known cell."""
    x = blobs.copy()
    x[np.random.default_rng(3).random(x.shape) < 1 / 3] = np.nan
    x[7] = np.nan
    return x


def checks_of(*estimators: GaussianMixtureImputer) -> list[Any]:
    """Pairs of an estimator and a check, but for the one that skips estimators of NumPy alone."""
    return [
        pytest.param(checked, check, id=f"{checked.covariance_type}-{check.func.__name__}")
        for estimator in estimators
        for checked, check in estimator_checks_generator(estimator)
        if check.func.__name__ != "check_array_api_input"
    ]


@pytest.mark.parametrize(
    ("estimator", "check"),
    checks_of(
        GaussianMixtureImputer(2, prior_rows=1.0, covariance_type="diag"),
        GaussianMixtureImputer(2, prior_rows=None, covariance_type="tied"),
    ),
)
def test_the_contract_of_scikit_learn_is_kept(
    estimator: GaussianMixtureImputer, check: Callable[[GaussianMixtureImputer], None]
) -> None:
    check(estimator)  # asserts, and raises where the contract is broken


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), checks_of(GaussianMixtureImputer()))
def test_the_contract_is_kept_while_settings_are_chosen(
    estimator: GaussianMixtureImputer, check: Callable[[GaussianMixtureImputer], None]
) -> None:
    check(estimator)


def matrices(imputer: GaussianMixtureImputer) -> FloatArray:
    c = imputer.covariances_
    return c if c.ndim == 3 else c[..., np.newaxis] * np.eye(c.shape[1])


def filled_by_loop(x: FloatArray, noise: FloatArray, imputer: GaussianMixtureImputer) -> FloatArray:
    filled = x.copy()
    for n, row in enumerate(x):
        o, m = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
        log_density, expected = [], []
        for weight, mean, s in zip(
            imputer.weights_, imputer.means_, matrices(imputer), strict=True
        ):
            t = s[np.ix_(o, o)] + np.diag(noise[n, o])
            density = multivariate_normal(mean[o], t).logpdf(row[o]) if o.size else 0.0
            log_density.append(np.log(weight) + density)
            expected.append(mean[m] + s[np.ix_(m, o)] @ np.linalg.solve(t, row[o] - mean[o]))
        filled[n, m] = softmax(log_density) @ np.array(expected)
    return filled


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_expected_values_are_those_of_a_plain_loop(
    holed: FloatArray, kind: SklearnCovarianceType, noisy: bool
) -> None:
    noise = np.random.default_rng(0).uniform(0, 0.5, holed.shape) if noisy else None
    imputer = GaussianMixtureImputer(3, covariance_type=kind, prior_rows=1.0, random_state=0)
    filled = imputer.fit_transform(holed, noise=noise)
    expected = filled_by_loop(holed, np.zeros(holed.shape) if noise is None else noise, imputer)
    np.testing.assert_allclose(filled, expected, rtol=1e-9)
    known = ~np.isnan(holed)
    assert np.array_equal(filled[known], holed[known])


def test_a_row_without_known_cells_gets_the_mean_of_the_mixture(holed: FloatArray) -> None:
    imputer = GaussianMixtureImputer(3, random_state=0)
    filled = imputer.fit_transform(holed)
    np.testing.assert_allclose(filled[7], imputer.weights_ @ imputer.means_)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_the_conditional_moments(holed: FloatArray, kind: SklearnCovarianceType) -> None:
    settings: dict[str, Any] = {"covariance_type": kind, "prior_rows": 1.0, "random_state": 0}
    mean = GaussianMixtureImputer(1, **settings).fit(holed)
    draw = GaussianMixtureImputer(1, method="draw", **settings).fit(holed)
    row = holed[np.isnan(holed).sum(axis=1) == 2][0]
    o, m = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
    drawn = draw.transform(np.tile(row, (20_000, 1)))
    assert np.array_equal(drawn[:, o], np.tile(row[o], (20_000, 1)))
    s = matrices(draw)[0]
    conditional = s[np.ix_(m, m)] - s[np.ix_(m, o)] @ np.linalg.solve(
        s[np.ix_(o, o)], s[np.ix_(o, m)]
    )
    np.testing.assert_allclose(
        drawn[:, m].mean(axis=0), mean.transform(row[np.newaxis])[0, m], atol=0.05
    )
    error = np.abs(np.cov(drawn[:, m].T) - conditional)
    deviations = np.sqrt(np.diag(conditional))
    assert (error / np.outer(deviations, deviations)).max() < 0.05


def test_draws_take_components_with_their_probabilities() -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random((400, 1)) < 0.25, 8.0, -8.0) + rng.normal(size=(400, 2))
    imputer = GaussianMixtureImputer(2, method="draw", random_state=0).fit(x)
    drawn = imputer.transform(np.full((20_000, 2), np.nan))
    assert (drawn[:, 0] > 0).mean() == pytest.approx((x[:, 0] > 0).mean(), abs=0.02)
    # Both cells of a row come from one component.
    assert ((drawn[:, 0] > 0) == (drawn[:, 1] > 0)).mean() > 0.999


def test_draws_repeat_with_the_seed_and_differ_with_another(holed: FloatArray) -> None:
    drawn = [
        GaussianMixtureImputer(2, prior_rows=1.0, method="draw", random_state=seed)
        .fit_transform(holed)
        .tobytes()
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_draws_keep_variances_that_means_shrink(blobs: FloatArray, holed: FloatArray) -> None:
    gaps = np.isnan(holed)
    spread = {
        method: np.std(
            GaussianMixtureImputer(method=method, random_state=0).fit_transform(holed)[gaps]
            - blobs.mean(axis=0)[np.nonzero(gaps)[1]]
        )
        for method in ("mean", "draw")
    }
    whole = np.std((blobs - blobs.mean(axis=0))[gaps])
    assert spread["mean"] < 0.9 * whole
    assert spread["draw"] == pytest.approx(whole, rel=0.1)


def test_the_order_and_number_of_rows_change_nothing(holed: FloatArray) -> None:
    imputer = GaussianMixtureImputer(3, prior_rows=1.0, random_state=0).fit(holed)
    whole = imputer.transform(holed)
    order = np.random.default_rng(1).permutation(len(holed))
    np.testing.assert_allclose(imputer.transform(holed[order]), whole[order], rtol=1e-12)
    one_by_one = [imputer.transform(row[np.newaxis])[0] for row in holed[:20]]
    np.testing.assert_allclose(one_by_one, whole[:20], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_units_of_the_columns_do_not_matter(holed: FloatArray, kind: SklearnCovarianceType) -> None:
    units = np.array([1e-6, 1.0, 1e6, 10.0, 1e3])
    filled = [
        GaussianMixtureImputer(
            2, prior_rows=1.0, covariance_type=kind, random_state=0
        ).fit_transform(holed * scale)
        for scale in (np.ones(5), units)
    ]
    np.testing.assert_allclose(filled[1] / units, filled[0], rtol=1e-7)


def test_frames_come_back_as_frames_with_their_columns(holed: FloatArray) -> None:
    names = [f"column {i}" for i in range(5)]
    frame = pd.DataFrame(holed, columns=names, index=np.arange(len(holed)) * 2)
    imputer = GaussianMixtureImputer(2, prior_rows=1.0, random_state=0).set_output(
        transform="pandas"
    )
    filled = imputer.fit_transform(frame)
    assert isinstance(filled, pd.DataFrame)
    assert filled.columns.tolist() == names
    assert filled.index.equals(frame.index)
    assert not filled.isna().any(axis=None)
    assert imputer.get_feature_names_out().tolist() == names
    imputer.set_output(transform="polars")
    assert isinstance(imputer.transform(frame), pl.DataFrame)
    assert imputer.fit_transform(pl.DataFrame(holed, schema=names)).columns == names


def test_it_works_in_a_pipeline(holed: FloatArray) -> None:
    steps = make_pipeline(GaussianMixtureImputer(2, prior_rows=1.0), StandardScaler())
    assert np.isfinite(steps.fit_transform(holed)).all()


def test_what_auto_chose_is_told(holed: FloatArray) -> None:
    chosen = GaussianMixtureImputer(random_state=0).fit(holed)
    errors = chosen.held_out_errors_
    assert errors[chosen.n_components_, chosen.prior_rows_] <= 1.005 * min(errors.values())
    given = GaussianMixtureImputer(2, prior_rows=None, random_state=0).fit(holed)
    assert (given.n_components_, given.prior_rows_, given.held_out_errors_) == (2, None, {})
    some = GaussianMixtureImputer(2, random_state=0).fit(holed)
    assert {k for k, _ in some.held_out_errors_} == {2}


def test_columns_without_any_value_are_refused_by_name(holed: FloatArray) -> None:
    frame = pd.DataFrame(holed, columns=list("abcde"))
    frame["c"] = np.nan
    with pytest.raises(InputError, match="got none in c: leave"):
        GaussianMixtureImputer().fit(frame)
    # After the fit such a column is filled.
    imputer = GaussianMixtureImputer(2, prior_rows=1.0).fit(holed)
    assert np.isfinite(imputer.transform(frame.to_numpy())).all()


def test_constant_columns_are_filled_with_their_constant(holed: FloatArray) -> None:
    x = np.column_stack([holed, np.where(np.arange(len(holed)) % 3, 4.0, np.nan)])
    filled = GaussianMixtureImputer(2, prior_rows=1.0, random_state=0).fit_transform(x)
    np.testing.assert_allclose(filled[:, 5], 4.0, atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_components": 0},
        {"n_components": "many"},
        {"n_components": 1000},
        {"covariance_type": "banded"},
        {"prior_rows": -1},
        {"method": "median"},
        {"n_init": 0},
        {"tol": -1.0},
        {"max_iter": 0},
    ],
)
def test_settings_out_of_range_are_refused(holed: FloatArray, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"^{next(iter(settings))}: expected"):
        GaussianMixtureImputer(**settings).fit(holed)


def test_too_few_iterations_warn(holed: FloatArray) -> None:
    with pytest.warns(ConvergenceWarning, match="no convergence in 2 iterations"):
        GaussianMixtureImputer(3, prior_rows=1.0, max_iter=2, random_state=0).fit(holed)


def test_filling_before_fitting_is_refused() -> None:
    with pytest.raises(NotFittedError):
        GaussianMixtureImputer().transform([[np.nan, 1.0]])
