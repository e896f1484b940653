from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from lacunar.web.addresses import user_path


@given(st.text(min_size=1))
def test_an_address_holds_any_id_in_one_segment(user: str) -> None:
    path = user_path(user)
    assert path.isascii()
    assert path.count("/") == 3
    assert not set(path) & set("?#\"'<>& ")
    assert unquote(path.rpartition("/")[2]) == user
