from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.fit_grid import Criterion
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.model_selection import commonest_partition, search
from lacunar.mixture.parameters import CovarianceType
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.restarts import canonical_labels, fit_restarts
from lacunar.mixture.rows.complete import CompleteRows


def test_the_fit_grid_and_the_vote_equal_a_loop_over_scikit_learn(blobs: FloatArray) -> None:
    ks, seeds = range(1, 6), range(7)
    found = search(MixtureData(blobs), n_components=ks, seeds=seeds)
    with threadpool_limits(limits=1):
        bic = np.array(
            [[GaussianMixture(k, random_state=s).fit(blobs).bic(blobs) for s in seeds] for k in ks]
        )
    np.testing.assert_allclose(found.fit_grid.bic, bic, atol=1e-6)
    votes = np.bincount(bic.argmin(axis=0) + 1)
    assert found.fit_grid.k_frequency() == {
        int(k): int(votes[k]) for k in np.argsort(-votes, kind="stable") if votes[k]
    }
    assert found.n_components == int(votes.argmax())


def test_the_result_does_not_depend_on_the_number_of_threads(blobs: FloatArray) -> None:
    one = search(MixtureData(blobs), n_components=range(1, 5), seeds=range(6), n_threads=1)
    two = search(MixtureData(blobs), n_components=range(1, 5), seeds=range(6), n_threads=2)
    assert one.fit_grid.bic.tobytes() == two.fit_grid.bic.tobytes()
    assert one.chosen.covariances.tobytes() == two.chosen.covariances.tobytes()
    assert one.agreeing_seeds == two.agreeing_seeds


def test_agreeing_seeds_found_the_chosen_partition_and_others_did_not(blobs: FloatArray) -> None:
    k, seeds = 5, range(30)
    fit = fit_restarts(CompleteRows(blobs, "full", 150), kmeans_labels(blobs, k, seeds), k)
    partitions = [labels.tobytes() for labels in canonical_labels(fit.labels, k)]
    group = commonest_partition(fit)
    same = [i for i, partition in enumerate(partitions) if partition == partitions[group[0]]]
    assert group.tolist() == same
    assert all(partitions.count(other) <= len(same) for other in partitions)


def test_progress_counts_every_component_of_every_restart(blobs: FloatArray) -> None:
    calls: list[tuple[int, int]] = []
    search(
        MixtureData(blobs),
        n_components=range(1, 4),
        seeds=range(5),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert sorted(np.diff([0, *(done for done, _ in calls)])) == [5, 10, 15]
    assert {total for _, total in calls} == {30}


@pytest.mark.parametrize("n", [3, 5])
def test_more_components_than_rows_are_left_out(n: int) -> None:
    x = np.random.default_rng(0).normal(size=(n, 2))
    found = search(MixtureData(x), n_components=range(1, 9), seeds=range(2))
    assert found.fit_grid.n_components == tuple(range(1, n + 1))


def half_filled(blobs: FloatArray) -> FloatArray:
    """Every other row has one known cell, and its gaps are filled with that value."""
    x = blobs.copy()
    x[::2] = x[::2, :1]
    return x


def with_gaps(blobs: FloatArray) -> FloatArray:
    return np.where(np.random.default_rng(0).random(size=blobs.shape) < 0.3, np.nan, blobs)


@pytest.mark.parametrize("criterion", ["bic", "icl"])
def test_a_criterion_chooses_the_best_fit_that_is_not_degenerate(
    blobs: FloatArray, criterion: Criterion
) -> None:
    found = search(
        MixtureData(half_filled(blobs)),
        n_components=range(1, 5),
        seeds=range(6),
        criterion=criterion,
    )
    fit_grid = found.fit_grid
    assert fit_grid.degenerate.any()
    scores = np.where(fit_grid.degenerate, np.inf, getattr(fit_grid, criterion))
    # The degenerate fits would have won.
    assert getattr(fit_grid, criterion).min() < scores.min()
    row = int(scores.min(axis=1).argmin())
    assert found.n_components == fit_grid.n_components[row]
    eligible = np.where(fit_grid.degenerate[row], -np.inf, fit_grid.lower_bound[row])
    best = int(eligible.argmax())
    log_likelihood = posterior(MixtureData(half_filled(blobs)).observations("full"), found.chosen)[
        1
    ].mean()
    assert log_likelihood == pytest.approx(fit_grid.log_likelihood[row, best], abs=1e-9)
    assert best in found.agreeing_seeds


@pytest.mark.parametrize("criterion", ["bic", "icl", "held-out"])
def test_agreeing_seeds_of_any_criterion_found_the_partition_of_the_chosen_fit(
    blobs: FloatArray, criterion: Criterion
) -> None:
    seeds, data = range(10, 22), MixtureData(blobs)
    found = search(data, n_components=[4, 5], seeds=seeds, criterion=criterion, folds=3)
    fit = EmOptions().fit(data, found.n_components, seeds)
    chosen = posterior(data.observations("full"), found.chosen)[0][0].argmax(axis=0)
    same = [
        seed
        for seed, labels in zip(seeds, fit.labels, strict=True)
        if adjusted_rand_score(labels, chosen) == 1
    ]
    assert found.agreeing_seeds == tuple(same)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_held_out_likelihoods_equal_a_loop_over_scikit_learn(
    blobs: FloatArray, kind: CovarianceType
) -> None:
    ks, seeds, folds = (1, 3), range(2, 9), 4
    found = search(
        MixtureData(blobs),
        n_components=ks,
        seeds=seeds,
        options=EmOptions(covariance_type=kind),
        criterion="held-out",
        folds=folds,
    )
    fold = np.random.default_rng(seeds[0]).permutation(len(blobs)) % folds
    expected = []
    with threadpool_limits(limits=1):
        for k in ks:
            scores = np.empty(len(blobs))
            for held in range(folds):
                fits = [
                    GaussianMixture(k, covariance_type=kind, random_state=seed).fit(
                        blobs[fold != held]
                    )
                    for seed in seeds[:5]
                ]
                best = max(fits, key=lambda fit: float(fit.lower_bound_))
                scores[fold == held] = best.score_samples(blobs[fold == held])
            expected.append(scores.mean())
    np.testing.assert_allclose(found.fit_grid.held_out, expected, rtol=1e-7)
    assert found.n_components == ks[int(np.argmax(expected))]


@pytest.mark.parametrize("noisy", [False, True])
def test_held_out_likelihoods_keep_gaps_noise_and_prior(blobs: FloatArray, noisy: bool) -> None:
    x = with_gaps(blobs)
    data = MixtureData(x, np.full_like(x, 0.3) if noisy else None)
    options = EmOptions(prior_users=2.0)
    found = search(data, n_components=[2], seeds=[0, 1], options=options, folds=3)
    fold = np.random.default_rng(0).permutation(len(x)) % 3
    total = 0.0
    for held in range(3):
        kept, left_out = data.take(np.flatnonzero(fold != held)), fold == held
        prior = CovariancePrior.from_data(kept.values, 2, "full", weight=2.0)
        fit = fit_restarts(kept.observations("full"), kept.starts(2, [0, 1]), 2, prior=prior)
        best = fit.parameters.take(np.array([fit.lower_bound.argmax()]))
        rows = data.take(np.flatnonzero(left_out)).observations("full")
        total += posterior(rows, best)[1].sum()
    np.testing.assert_allclose(found.fit_grid.held_out, total / len(x), rtol=1e-8)


def test_without_folds_nothing_is_held_out(blobs: FloatArray) -> None:
    found = search(MixtureData(blobs), n_components=[1, 2], seeds=[0])
    assert np.isnan(found.fit_grid.held_out).all()
    with pytest.raises(InputError, match="folds of at least 2"):
        search(MixtureData(blobs), n_components=[1], seeds=[0], criterion="held-out")


def test_folds_too_small_for_k_are_left_out() -> None:
    x = np.random.default_rng(1).normal(size=(8, 2))
    found = search(
        MixtureData(x),
        n_components=[1, 5, 7],
        seeds=[0],
        options=EmOptions(prior_users=0.0),
        folds=2,
    )
    assert np.isnan(found.fit_grid.held_out).tolist() == [False, True, True]


def test_agreement_is_the_median_adjusted_rand_index_of_the_five_best(blobs: FloatArray) -> None:
    seeds, data = range(12), MixtureData(blobs)
    found = search(data, n_components=[3, 6], seeds=seeds)
    for row, k in enumerate([3, 6]):
        fit = EmOptions().fit(data, k, seeds)
        best = sorted(seeds, key=lambda seed: -fit.lower_bound[seed])[:5]
        pairs = combinations([fit.labels[seed] for seed in best], 2)
        expected = np.median([adjusted_rand_score(*pair) for pair in pairs])
        assert found.fit_grid.agreement[row] == pytest.approx(expected)
        if k == found.n_components:
            assert np.array_equal(found.near_best_labels, fit.labels[best])


def test_one_seed_has_no_agreement(blobs: FloatArray) -> None:
    found = search(MixtureData(blobs), n_components=[2], seeds=[3])
    assert np.isnan(found.fit_grid.agreement).all()
    assert found.near_best_labels.shape == (1, len(blobs))


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_options_reach_the_fits(blobs: FloatArray, kind: CovarianceType) -> None:
    options = EmOptions(covariance_type=kind, tol=1e-9, max_iter=7, reg_covar=0.25)
    found = search(MixtureData(blobs), n_components=[3], seeds=range(3), options=options)
    fit = fit_restarts(
        CompleteRows(blobs, kind),
        kmeans_labels(blobs, 3, range(3)),
        3,
        tol=1e-9,
        max_iter=7,
        reg_covar=0.25,
    )
    np.testing.assert_allclose(found.fit_grid.lower_bound[0], fit.lower_bound, rtol=1e-10)
    assert found.fit_grid.n_iter.max() == 7
    assert found.fit_grid.covariance_type == kind
    assert found.chosen.covariance_type == kind


def test_gaps_do_not_make_fits_degenerate_although_filling_them_does(blobs: FloatArray) -> None:
    gappy = blobs.copy()
    gappy[::2, 1:] = np.nan
    for data, collapsed in ((MixtureData(gappy), False), (MixtureData(half_filled(blobs)), True)):
        found = search(data, n_components=[2], seeds=range(3))
        assert found.fit_grid.degenerate.any() == collapsed


@pytest.mark.parametrize("criterion", ["bic", "icl"])
def test_a_degenerate_restart_is_passed_over_at_the_chosen_k(
    blobs: FloatArray, criterion: Criterion
) -> None:
    # Some seeds give the equal rows a component of their own, whose variance vanishes.
    data = MixtureData(np.concatenate([blobs, np.repeat(blobs[:1] + 3, 8, axis=0)]))
    found = search(data, n_components=[4], seeds=range(12), criterion=criterion)
    (degenerate,), (bound,) = found.fit_grid.degenerate, found.fit_grid.lower_bound
    assert degenerate[bound.argmax()]
    sound = np.flatnonzero(~degenerate)
    assert sound.size > 0
    log_likelihood = posterior(data.observations("full"), found.chosen)[1].mean()
    best = sound[bound[sound].argmax()]
    assert log_likelihood == pytest.approx(found.fit_grid.log_likelihood[0, best], abs=1e-9)
    assert not degenerate[list(found.agreeing_seeds)].any()


def test_held_out_likelihood_cannot_choose_a_k_of_degenerate_fits() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(60, 2)), np.full((20, 2), 30.0)])
    found = search(
        MixtureData(rows), n_components=[1, 2], seeds=[0, 1], criterion="held-out", folds=4
    )
    assert found.fit_grid.degenerate[1].all()
    assert found.fit_grid.held_out[1] > found.fit_grid.held_out[0]
    assert found.n_components == 1


def test_a_column_without_known_cells_makes_no_fit_degenerate() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 3))
    rows[rng.random(rows.shape) < 0.2] = np.nan
    rows[:, 2] = np.nan
    found = search(MixtureData(rows), n_components=[1, 2], seeds=[0, 1], criterion="bic")
    assert not found.fit_grid.degenerate.any()


def test_starts_are_the_chosen_mixture_and_other_partitions_of_valid_restarts(
    blobs: FloatArray,
) -> None:
    seeds, data = range(12), MixtureData(blobs)
    found = search(data, n_components=[6], seeds=seeds, criterion="bic")
    fit = EmOptions().fit(data, 6, seeds)
    assert 1 < found.starts.n_restarts <= 3
    assert (found.starts.means[0] == found.chosen.means[0]).all()
    bounds = []
    for means in found.starts.means:
        [restart] = np.flatnonzero((fit.parameters.means == means).all(axis=(1, 2)))[:1]
        bounds.append(fit.lower_bound[restart])
    assert bounds == sorted(bounds, reverse=True)
    labels = posterior(data.observations("full", 18), found.starts)[0].argmax(axis=1)
    for first, second in combinations(labels, 2):
        assert adjusted_rand_score(first, second) < 1
    near = posterior(data.observations("full", 30), found.near_best)[0].argmax(axis=1)
    assert (near == found.near_best_labels).all()


def test_after_a_vote_only_the_chosen_mixture_is_a_start(blobs: FloatArray) -> None:
    found = search(MixtureData(blobs), n_components=[6], seeds=range(12), criterion="vote")
    assert found.starts.n_restarts == 1
    assert (found.starts.means == found.chosen.means).all()
