from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import multivariate_normal
from sklearn import mixture as peers
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture import GaussianMixture
from lacunar.mixture.covariance_types import SklearnCovarianceType

KINDS = ["full", "tied", "diag", "spherical"]
# Would be skipped: only NumPy arrays are supported.
LEFT_OUT = {"check_array_api_input"}


ATTRIBUTES = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]


def assert_equal_parameters(ours: GaussianMixture, peer: peers.GaussianMixture) -> None:
    for name in ATTRIBUTES:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(peer, name), rtol=1e-6, atol=1e-8, err_msg=name
        )


@pytest.mark.parametrize("k", [1, 3, 6])
@pytest.mark.parametrize("kind", KINDS)
def test_one_restart_equals_scikit_learn(
    blobs: FloatArray, kind: SklearnCovarianceType, k: int
) -> None:
    ours = GaussianMixture(k, covariance_type=kind, random_state=4).fit(blobs)
    peer = peers.GaussianMixture(k, covariance_type=kind, random_state=4).fit(blobs)
    assert_equal_parameters(ours, peer)
    assert (ours.n_iter_, ours.converged_) == (peer.n_iter_, peer.converged_)
    np.testing.assert_allclose(ours.lower_bounds_, peer.lower_bounds_, atol=1e-9)
    np.testing.assert_allclose(ours.score_samples(blobs), peer.score_samples(blobs), atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(blobs), peer.predict_proba(blobs), atol=1e-8)
    assert np.array_equal(ours.predict(blobs), peer.predict(blobs))
    assert ours.score(blobs) == pytest.approx(peer.score(blobs))
    assert ours.bic(blobs) == pytest.approx(peer.bic(blobs))
    assert ours.aic(blobs) == pytest.approx(peer.aic(blobs))


@pytest.mark.parametrize("kind", KINDS)
def test_given_starts_are_those_of_scikit_learn(
    blobs: FloatArray, kind: SklearnCovarianceType
) -> None:
    rough = peers.GaussianMixture(3, covariance_type=kind, random_state=1).fit(blobs[::3])
    given = {
        "weights_init": [0.2, 0.3, 0.5],
        "means_init": rough.means_,
        "precisions_init": rough.precisions_,
    }
    for names in (["means_init"], ["precisions_init", "weights_init"], list(given)):
        some = {name: given[name] for name in names}
        settings = {"covariance_type": kind, "random_state": 2} | some
        ours = GaussianMixture(3, **settings).fit(blobs)
        peer = peers.GaussianMixture(3, **settings).fit(blobs)
        assert_equal_parameters(ours, peer)
        assert ours.n_iter_ == peer.n_iter_


@pytest.mark.parametrize("kind", KINDS)
def test_a_warm_start_goes_on_as_in_scikit_learn(
    blobs: FloatArray, kind: SklearnCovarianceType
) -> None:
    settings = {"covariance_type": kind, "random_state": 0, "warm_start": True}
    ours = GaussianMixture(4, max_iter=2, **settings)
    peer = peers.GaussianMixture(4, max_iter=2, **settings)
    for _ in range(40):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            ours.fit(blobs)
            peer.fit(blobs)
        assert ours.lower_bound_ == pytest.approx(peer.lower_bound_, abs=1e-9)
        assert (ours.n_iter_, ours.converged_) == (peer.n_iter_, peer.converged_)
        if ours.converged_:
            break
    assert ours.converged_
    with pytest.raises(InputError, match="warm_start: expected the columns"):
        ours.fit(blobs[:, :3])


def test_the_best_of_several_restarts_is_kept(blobs: FloatArray) -> None:
    alone = [GaussianMixture(5, random_state=seed).fit(blobs).lower_bound_ for seed in range(6)]
    together = GaussianMixture(5, n_init=6, random_state=0).fit(blobs)
    assert together.lower_bound_ == pytest.approx(max(alone), abs=1e-12)


def test_samples_have_the_moments_of_the_mixture(blobs: FloatArray) -> None:
    fitted = GaussianMixture(3, random_state=0).fit(blobs)
    rows, labels = fitted.sample(40_000)
    np.testing.assert_allclose(rows.mean(axis=0), blobs.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.bincount(labels) / len(labels), fitted.weights_, atol=0.02)


def test_too_few_iterations_warn(blobs: FloatArray) -> None:
    with pytest.warns(ConvergenceWarning, match="no convergence in 2 iterations"):
        GaussianMixture(4, max_iter=2, random_state=0).fit(blobs)


def test_predicting_before_fitting_is_refused() -> None:
    with pytest.raises(NotFittedError):
        GaussianMixture(2).predict([[0.0]])


def test_more_components_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="n_components = 3"):
        GaussianMixture(3).fit([[0.0], [1.0]])


CONTRACT = [
    (checked, check)
    for estimator in (
        GaussianMixture(random_state=0),
        GaussianMixture(2, covariance_type="tied", random_state=0),
        GaussianMixture(2, covariance_type="spherical", random_state=0),
        GaussianMixture(2, covariance_type="diag", prior_rows=1.0, random_state=0),
    )
    for checked, check in estimator_checks_generator(estimator)
    if check.func.__name__ not in LEFT_OUT
]


@pytest.mark.parametrize(
    ("estimator", "check"),
    CONTRACT,
    ids=lambda part: part.func.__name__ if isinstance(part, partial) else part.covariance_type,
)
def test_the_contract_of_scikit_learn_is_kept(
    estimator: GaussianMixture, check: Callable[[GaussianMixture], None]
) -> None:
    check(estimator)  # asserts, and raises where the contract is broken


def planted(n: int, share: float) -> tuple[FloatArray, NDArray[np.int64], FloatArray]:
    """Rows of three groups with a share of gaps, the group of each row, and the group means."""
    rng = np.random.default_rng(0)
    means = np.array([[0.0, 0, 0, 0], [3, 3, 0, -3], [-3, 3, 3, 0]]) + 10
    groups = rng.integers(0, 3, size=n)
    x = means[groups] + rng.normal(size=(n, 4))
    x[rng.random(size=x.shape) < share] = np.nan
    return x, groups, means


def distance_of_means(found: FloatArray, means: FloatArray) -> float:
    """Root mean square distance of found means from the planted ones, matched one to one."""
    squares = ((found[:, np.newaxis] - means) ** 2).sum(axis=2)
    return float(np.sqrt(squares[linear_sum_assignment(squares)].mean()))


@pytest.mark.parametrize("kind", KINDS)
def test_planted_means_are_recovered_better_than_from_filled_columns(
    kind: SklearnCovarianceType,
) -> None:
    x, groups, means = planted(600, 0.3)
    filled = np.where(np.isnan(x), np.nanmean(x, axis=0), x)
    kept = GaussianMixture(3, covariance_type=kind, n_init=5, random_state=0).fit(x)
    other = GaussianMixture(3, covariance_type=kind, n_init=5, random_state=0).fit(filled)
    assert distance_of_means(kept.means_, means) < 0.3
    # Filled cells have no correlations, so that a shared matrix suffers less.
    part = 0.6 if kind == "tied" else 0.5
    assert distance_of_means(kept.means_, means) < part * distance_of_means(other.means_, means)
    assert adjusted_rand_score(kept.predict(x), groups) > adjusted_rand_score(
        other.predict(filled), groups
    )


@pytest.mark.parametrize("kind", KINDS)
def test_rows_with_gaps_are_predicted_from_their_known_cells(
    blobs: FloatArray, kind: SklearnCovarianceType
) -> None:
    fitted = GaussianMixture(3, covariance_type=kind, random_state=0).fit(blobs)
    rows = blobs[:6].copy()
    rows[:, 1] = np.nan
    rows[5] = np.nan
    # The marginal over the known columns, as a mixture of its own.
    keep = [0, 2, 3, 4]
    marginal = GaussianMixture(3, covariance_type=kind, random_state=0).fit(blobs[:, keep])
    marginal.weights_, marginal.means_ = fitted.weights_, fitted.means_[:, keep]
    axes = {"full": (..., np.array(keep)[:, np.newaxis], keep), "diag": (..., keep)}
    axes |= {"tied": axes["full"], "spherical": (...,)}
    marginal.covariances_ = fitted.covariances_[axes[kind]]
    expected = marginal.predict_proba(rows[:5, keep])
    np.testing.assert_allclose(fitted.predict_proba(rows)[:5], expected, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(
        fitted.score_samples(rows)[:5], marginal.score_samples(rows[:5, keep]), rtol=1e-8
    )
    np.testing.assert_allclose(fitted.predict_proba(rows)[5], fitted.weights_)
    assert fitted.predict(rows)[5] == fitted.weights_.argmax()
    assert fitted.score_samples(rows)[5] == pytest.approx(0, abs=1e-12)


def test_fitting_and_predicting_rows_with_gaps_is_predicting_after_fitting() -> None:
    x, _, _ = planted(200, 0.4)
    together = GaussianMixture(3, random_state=1).fit_predict(x)
    assert np.array_equal(together, GaussianMixture(3, random_state=1).fit(x).predict(x))


def test_infinite_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="infinity"):
        GaussianMixture(1).fit([[np.inf], [1.0]])


def test_known_noise_is_taken_off_the_variance() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2000, 2)) * 2 + rng.normal(size=(2000, 2)) * 3
    noise = np.full_like(x, 9.0)
    x[:5, 0], noise[:5, 0] = np.nan, np.nan
    fitted = GaussianMixture(1, tol=1e-8, max_iter=500).fit(x, noise=noise)
    np.testing.assert_allclose(np.diag(fitted.covariances_[0]), [4, 4], atol=1)
    exact = GaussianMixture(1).fit(x)
    np.testing.assert_allclose(np.diag(exact.covariances_[0]), [13, 13], atol=1)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (np.ones((4, 1)), r"expected noise of shape \(4, 2\), got \(4, 1\)"),
        (np.full((4, 2), -1.0), r"noise of 0 to 1e\+30"),
        (np.full((4, 2), np.nan), r"noise of 0 to 1e\+30"),
        (np.full((4, 2), np.inf), r"noise of 0 to 1e\+30"),
    ],
)
def test_invalid_noise_variances_are_refused(noise: FloatArray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianMixture(1).fit(np.arange(8.0).reshape(4, 2), noise=noise)


def test_noise_of_gaps_is_ignored() -> None:
    x, _, _ = planted(80, 0.3)
    clean = np.where(np.isnan(x), 0.0, 0.5)
    wild = np.where(np.isnan(x), [np.nan, -7.0, np.inf, 3.0], 0.5)
    one = GaussianMixture(2, random_state=0).fit(x, noise=clean)
    other = GaussianMixture(2, random_state=0).fit(x, noise=wild)
    assert one.covariances_.tobytes() == other.covariances_.tobytes()


def test_known_noise_is_used_in_prediction(blobs: FloatArray) -> None:
    rng = np.random.default_rng(1)
    noise = rng.uniform(0.5, 4, size=blobs.shape)
    noisy = blobs + rng.normal(size=blobs.shape) * np.sqrt(noise)
    fitted = GaussianMixture(3, random_state=0).fit(noisy, noise=noise)
    assert fitted.score_samples(noisy, noise=noise).mean() > fitted.score(noisy)
    assert fitted.score(noisy, noise=noise) == fitted.score_samples(noisy, noise=noise).mean()
    assert fitted.bic(noisy, noise=noise) < fitted.bic(noisy)
    n_free = 3 * (5 + 15) + 2
    total = fitted.score(noisy, noise=noise) * len(noisy)
    assert fitted.aic(noisy, noise=noise) == pytest.approx(2 * n_free - 2 * total)
    labels = fitted.predict(noisy, noise=noise)
    again = GaussianMixture(3, random_state=0).fit_predict(noisy, noise=noise)
    assert np.array_equal(again, labels)
    assert np.array_equal(labels, fitted.predict_proba(noisy, noise=noise).argmax(axis=1))


@pytest.mark.parametrize(
    "settings",
    [
        {"n_components": 0},
        {"n_components": 2.5},
        {"covariance_type": "banded"},
        {"means_init": [[0.0], [1.0]]},
        {"weights_init": [0.5, 0.7], "n_components": 2},
        {"precisions_init": [[[-1.0]]]},
        {"n_init": 0},
        {"prior_rows": -5},
        {"reg_covar": -1},
        {"max_iter": 0},
        {"tol": -1},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match=f"^{next(iter(settings))}: expected"):
        GaussianMixture(**settings).fit([[0.0], [1.0]])  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("kind", KINDS)
def test_a_collapsed_covariance_says_what_to_do(kind: SklearnCovarianceType) -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    x[:20], x[20:, 0] = 5, 1
    with pytest.raises(ValueError, match="raise reg_covar, set prior_rows"):
        GaussianMixture(2, covariance_type=kind, reg_covar=0, random_state=0).fit(x)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [10.0, 1e3, 1e6])
def test_equal_rows_far_away_are_a_component_of_their_own(
    kind: SklearnCovarianceType, place: float
) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([np.full((20, 3), place), rng.normal(size=(30, 3)) - place])
    fitted = GaussianMixture(2, covariance_type=kind, random_state=0).fit(x)
    # The exact likelihood: 20 equal rows in one component, 30 rows in the other.
    rest = x[20:] - x[20:].mean(axis=0)
    covariances = np.stack([np.zeros((3, 3)), rest.T @ rest / 30])
    if kind == "tied":
        covariances[:] = covariances[1] * 0.6
    elif kind != "full":
        covariances *= np.eye(3)
    if kind == "spherical":
        covariances[1] = np.eye(3) * np.trace(covariances[1]) / 3
    covariances += 1e-6 * np.eye(3)
    parts, groups = [20, 30], [np.zeros((20, 3)), rest]
    expected = [
        np.log(part / 50) + multivariate_normal(np.zeros(3), covariance).logpdf(rows)
        for part, covariance, rows in zip(parts, covariances, groups, strict=True)
    ]
    assert fitted.score(x) == pytest.approx(np.concatenate(expected).mean(), abs=1e-6)
    assert np.array_equal(fitted.predict(x) == fitted.predict(x[:1]), np.arange(50) < 20)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_all_equal_are_fitted_as_by_scikit_learn(
    kind: SklearnCovarianceType,
) -> None:
    x = np.full((20, 2), 3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of k-means
        ours = GaussianMixture(3, covariance_type=kind, random_state=0).fit(x)
        peer = peers.GaussianMixture(3, covariance_type=kind, random_state=0).fit(x)
    np.testing.assert_allclose(ours.score_samples(x), peer.score_samples(x), rtol=1e-6)


def test_values_too_large_to_square_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    for kind in KINDS:
        with pytest.raises(InputError, match=re.escape("expected values from -1e+150 to 1e+150")):
            GaussianMixture(2, covariance_type=kind).fit(x * 1e160)  # type: ignore[arg-type]
    fitted = GaussianMixture(2, random_state=0).fit(x)
    with pytest.raises(InputError, match="divide the column"):
        fitted.predict(x * 1e160)


def test_seeds_go_on_at_zero_after_the_largest() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    both = GaussianMixture(4, random_state=2**32 - 1, n_init=2).fit(x)
    alone = [GaussianMixture(4, random_state=s).fit(x).lower_bound_ for s in (2**32 - 1, 0)]
    assert both.lower_bound_ == max(alone)
    with pytest.raises(ValueError, match="Seed must be"):
        GaussianMixture(4, random_state=-1, n_init=2).fit(x)
