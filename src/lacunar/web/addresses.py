"""URLs of the API document and of user pages."""

from __future__ import annotations

from urllib.parse import quote

OPENAPI_URL = "/api/v1/openapi.json"


def user_path(user_id: str) -> str:
    """URL path of a user's page; the id is percent-encoded.

    Examples
    --------
    >>> user_path("a/b é?")
    '/taste/users/a%2Fb%20%C3%A9%3F'
    """
    return f"/taste/users/{quote(user_id, safe='')}"
