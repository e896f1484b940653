from __future__ import annotations

import pytest

from lacunar.taste.evaluate.split import Split
from lacunar.taste.evaluate.splits import random_split
from lacunar.taste.ratings import Ratings


@pytest.fixture(scope="session")
def split(sample_ratings: Ratings) -> Split:
    return random_split(sample_ratings, seed=3)
