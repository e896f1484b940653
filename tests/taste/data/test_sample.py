from __future__ import annotations

from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.sample import sampled_ratings


def test_the_sample_is_the_one_that_is_written_to_files(sample_ratings: Ratings) -> None:
    found = sampled_ratings(n_users=120, n_movies=300, seed=1)
    assert fingerprint(found) == fingerprint(sample_ratings)
