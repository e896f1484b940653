from __future__ import annotations

from lacunar.aliases import shortened


def test_long_text_is_cut_with_a_sign_and_short_text_is_not() -> None:
    assert shortened("0123456789", 10) == "0123456789"
    assert shortened("0123456789a", 10) == "012345678…"
