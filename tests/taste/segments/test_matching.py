from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lacunar.taste.segments.matching import match_segments

LABELS = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
    )
)


@given(LABELS)
def test_no_other_matching_keeps_more_users_together(labels: tuple[list[int], list[int]]) -> None:
    first, second = map(np.array, labels)
    found = match_segments(first, second, 4, 4)

    def together(partner: object) -> int:
        return int((np.array(partner)[first] == second).sum())

    assert together(found.partner) == max(together(order) for order in permutations(range(4)))
    assert found.users.sum() == len(first)
    for segment in range(4):
        members = second[first == segment]
        if len(members):
            assert found.staying[segment] == (members == found.partner[segment]).mean()
        else:
            assert np.isnan(found.staying[segment])


def test_of_more_segments_some_have_no_partner() -> None:
    found = match_segments(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]), 3, 2)
    assert sorted(found.partner.tolist()) == [-1, 0, 1]
    assert found.staying[found.partner < 0].tolist() == [0.0]
    fewer = match_segments(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]), 2, 3)
    assert fewer.staying.tolist() == [1.0, 0.5]
