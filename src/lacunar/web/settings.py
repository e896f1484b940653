"""Settings of the server."""

from __future__ import annotations

import ipaddress
import os
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_MIN_TOKEN = 16
TOKEN_RULE = f"a token of {_MIN_TOKEN} or more printable ASCII characters without spaces"


class ServeSettings(BaseModel):
    """Settings of a server; times in seconds, sizes in bytes.

    Raises
    ------
    pydantic.ValidationError
        If the address is not loopback and there is no token.

    Examples
    --------
    >>> ServeSettings().host
    '127.0.0.1'
    >>> ServeSettings(host="0.0.0.0", token="a long and secret word".replace(" ", "-")).loopback
    False
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535, description="0 takes any free port.")
    token: str | None = Field(
        None, repr=False, description="Secret that clients must send; None lets every client in."
    )
    allow_host: tuple[str, ...] = Field((), description="Other host names of the server.")

    workers: int = Field(
        max(1, min(4, os.cpu_count() or 1)),
        ge=1,
        le=64,
        description="Heavy jobs that run at the same time.",
    )
    queue: int = Field(32, ge=0, le=10_000, description="Heavy jobs that may wait.")
    work_timeout: float = Field(30.0, gt=0, description="For a job, including its wait.")

    head_timeout: float = Field(10.0, gt=0, description="For the head of a request to arrive.")
    body_gap_timeout: float = Field(10.0, gt=0, description="Between two pieces of a body.")
    body_timeout: float = Field(60.0, gt=0, description="For the whole body.")
    request_timeout: float = Field(120.0, gt=0, description="From a request's head to its end.")
    idle_timeout: int = Field(5, ge=1, description="For a connection between two requests.")
    stop_timeout: int = Field(
        10, ge=1, description="For requests in progress when the server stops."
    )

    max_connections: int = Field(256, ge=1)
    max_client_connections: int = Field(32, ge=1, description="Connections of one remote client.")
    max_head: int = Field(16_384, ge=1024, description="Of the head of a request.")
    max_body: int = Field(32_000_000, ge=1024, description="Of a form with files.")
    max_document: int = Field(1_000_000, ge=1024, description="Of any other body.")
    max_bodies: int = Field(256_000_000, ge=1024, description="Of all bodies being received.")
    max_files: int = Field(32, ge=1, description="Files in one form.")
    max_fields: int = Field(256, ge=1, description="Other fields in one form.")
    max_field: int = Field(65_536, ge=1, description="Of one of these fields.")

    rate: float | None = Field(
        None,
        ge=0,
        description="Mean requests per second of one client, 0 for no limit; "
        "by default 20, without a limit for this machine.",
    )
    burst: int = Field(60, ge=1, description="Requests that one client may send in a burst.")

    @field_validator("token")
    @classmethod
    def _token_is_long(cls, token: str | None) -> str | None:
        if token is not None and not is_token(token):
            raise ValueError(f"expected {TOKEN_RULE}")
        return token

    @model_validator(mode="after")
    def _others_need_a_token(self) -> Self:
        if not self.loopback and self.token is None:
            raise ValueError(
                f"expected a token for a server that other machines reach at {self.host}, got "
                "none: pass `token_file` or set LACUNAR_TOKEN"
            )
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_token(text: str) -> bool:
    """Whether a text is long enough for a token and has only allowed characters.

    Examples
    --------
    >>> is_token("correct-horse-battery-staple"), is_token("short")
    (True, False)
    """
    return len(text) >= _MIN_TOKEN and all("!" <= letter <= "~" for letter in text)


def is_loopback(host: str) -> bool:
    """Whether a host name or address always means this machine.

    Examples
    --------
    >>> [is_loopback(host) for host in ("localhost", "127.3.2.1", "::1", "0.0.0.0", "elsewhere")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
