from __future__ import annotations

import pytest
from pydantic import ValidationError

from lacunar.web.settings import ServeSettings, is_loopback

TOKEN = "correct-horse-battery-staple"


def test_a_server_is_for_this_machine_unless_told() -> None:
    assert ServeSettings().host == "127.0.0.1"
    assert ServeSettings().loopback
    assert ServeSettings().token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "lacunar.example", "127.0.0.1.x"])
def test_other_addresses_need_a_token(host: str) -> None:
    with pytest.raises(ValidationError, match="expected a token"):
        ServeSettings(host=host)
    assert ServeSettings(host=host, token=TOKEN).token == TOKEN


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_has_many_names(host: str) -> None:
    assert is_loopback(host)
    assert ServeSettings(host=host).loopback


@pytest.mark.parametrize("host", ["", "127.0.0.1.example", "::ffff:10.0.0.1", "localhost.example"])
def test_what_only_looks_like_loopback_is_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "token", ["short", "", "with spaces in it it is", "naïve-naïve-naïve-naïve"]
)
def test_a_token_is_long_and_plain(token: str) -> None:
    with pytest.raises(ValidationError, match="16 or more") as refused:
        ServeSettings(token=token)
    if token:
        assert token not in str(refused.value)


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(ServeSettings(token=TOKEN))
