"""Where pages are that are named after what they show."""

from __future__ import annotations

from urllib.parse import quote

OPENAPI_URL = "/api/v1/openapi.json"


def user_path(user_id: str) -> str:
    """Address of a user's page, whatever the id is made of.

    Examples
    --------
    >>> user_path("a/b é?")
    '/taste/users/a%2Fb%20%C3%A9%3F'
    """
    return f"/taste/users/{quote(user_id, safe='')}"
