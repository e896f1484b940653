import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.report.scale import LinearScale, nice_ticks, thinned, tick_label, widened

finite = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-6)


def test_an_upright_axis_runs_against_the_paper() -> None:
    scale = LinearScale(0, 10, 300, 0)
    assert (scale(0), scale(5), scale(10)) == (300, 150, 0)


def test_equal_ends_map_to_the_middle() -> None:
    assert LinearScale(3, 3, 0, 100)(3) == 50


@pytest.mark.parametrize(("low", "high"), [(2, 1), (0, math.inf), (math.nan, 1)])
def test_ends_that_are_no_range_are_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="expected finite low <= high"):
        LinearScale(low, high, 0, 1)


@given(finite, finite)
def test_ticks_are_few_ascending_and_inside(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return
    ticks = nice_ticks(low, high)
    room = 1e-6 * (high - low)
    assert 1 <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))
    assert low - room <= ticks[0]
    assert ticks[-1] <= high + room


def test_ticks_carry_no_dust_of_binary_fractions() -> None:
    assert nice_ticks(0, 0.5) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_widened_ends_are_ticks_around_the_data() -> None:
    assert widened(3980, 16440) == (2000.0, 18000.0)
    assert widened(4, 4) == (3.5, 4.5)


def test_tick_labels_are_short_and_have_a_real_minus() -> None:
    assert [tick_label(x) for x in (0.5, -2.0, 15000.0, -2.5e6)] == [
        "0.5",
        "\N{MINUS SIGN}2",
        "15,000",
        "\N{MINUS SIGN}2.5M",
    ]


def test_thinned_labels_keep_the_wanted_one_and_even_steps() -> None:
    assert thinned(10, 3) == set(range(10))
    assert sorted(thinned(30, 17)) == [2, 5, 8, 11, 14, 17, 20, 23, 26, 29]
