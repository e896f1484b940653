"""Seeds of restarts, from the ``random_state`` of an estimator."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state


def seeds_of(random_state: int | np.random.RandomState | None, n: int) -> list[int]:
    """Consecutive seeds from an integer on, or seeds drawn from a generator.

    Examples
    --------
    >>> seeds_of(2**32 - 1, 2)
    [4294967295, 0]
    """
    rng = check_random_state(random_state)
    if isinstance(random_state, int | np.integer):
        return [(int(random_state) + i) % 2**32 for i in range(n)]
    return [int(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=n)]
