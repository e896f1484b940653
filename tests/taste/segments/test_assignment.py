from __future__ import annotations

import numpy as np

from lacunar.mixture.em import posterior
from lacunar.mixture.rows.complete import CompleteRows
from lacunar.taste.features.imputation import fill_gaps
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.assignment import order_segments


def test_segments_are_ordered_by_population(sample_model: TasteModel) -> None:
    populations = sample_model.segments.populations
    assert populations.sum() == sample_model.ratings.n_users
    assert (np.diff(populations) <= 0).all()


def test_responsibilities_are_probabilities(sample_model: TasteModel) -> None:
    responsibilities = sample_model.segments.responsibilities
    np.testing.assert_allclose(responsibilities.sum(axis=1), 1)
    assert (responsibilities >= 0).all()


def test_profiles_are_the_means_of_members(source_model: TasteModel) -> None:
    segments, profiles = source_model.segments, source_model.profiles
    seen = fill_gaps(profiles.means, "row-mean")
    for segment in range(segments.n_segments):
        members = segments.members(segment)
        np.testing.assert_allclose(segments.profiles[segment], seen[members].mean(axis=0))
        known = ~np.isnan(profiles.means[members])
        assert np.array_equal(segments.known_users[segment], known.sum(axis=0))
        for genre in range(len(profiles.genres)):
            values = profiles.means[members, genre][known[:, genre]]
            expected = values.mean() if values.size else np.nan
            np.testing.assert_allclose(segments.known_profiles[segment, genre], expected)


def test_profiles_hold_known_ratings_only_where_gaps_are_kept(sample_model: TasteModel) -> None:
    segments = sample_model.segments
    assert np.array_equal(segments.profiles, segments.known_profiles, equal_nan=True)


def test_the_numbering_of_components_does_not_matter(source_model: TasteModel) -> None:
    segments = source_model.segments
    seen = fill_gaps(source_model.profiles.means, "row-mean")
    shuffled = segments.mixture
    order = np.roll(np.arange(segments.n_segments), 1)
    shuffled = type(shuffled)(
        shuffled.weights[:, order], shuffled.means[:, order], shuffled.covariances[:, order]
    )
    belongs = posterior(CompleteRows(seen, "full"), shuffled)[0][0].T
    again = order_segments(belongs, shuffled, seen, source_model.profiles)
    assert np.array_equal(again.labels, segments.labels)
    assert again.names == segments.names
    np.testing.assert_allclose(again.responsibilities, segments.responsibilities, atol=1e-12)


def test_sample_members_are_members_and_repeat_with_the_seed(sample_model: TasteModel) -> None:
    segments = sample_model.segments
    sample = segments.sample_members(0, 5, seed=3)
    assert set(sample) <= set(segments.members(0))
    assert len(set(sample)) == 5
    assert np.array_equal(sample, segments.sample_members(0, 5, seed=3))
    everyone = segments.sample_members(0, 10**6, seed=3)
    assert np.array_equal(everyone, segments.members(0))
