from __future__ import annotations

from lacunar.errors import InputError


def test_bad_input_is_a_value_error() -> None:
    assert issubclass(InputError, ValueError)
