from __future__ import annotations

import pytest

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.evaluate.split import Split


@pytest.fixture(scope="session")
def split(sample_ratings: Ratings) -> Split:
    return random_split(sample_ratings, seed=3)
