"""Static files of the app, read once into memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

# The style of the reports comes first, then that of the app.
_SOURCES = {
    "app.css": (
        "text/css",
        (
            "report/templates/style.css",
            "web/static/app.css",
            "web/static/taste.css",
            "web/static/traits.css",
        ),
    ),
    "app.js": ("text/javascript", ("web/static/app.js",)),
    "htmx.min.js": ("text/javascript", ("web/static/htmx.min.js",)),
    "htmx.LICENSE.txt": ("text/plain", ("web/static/htmx.LICENSE.txt",)),
    "favicon.svg": ("image/svg+xml", ("web/static/favicon.svg",)),
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file; ``version`` is a hash of its content."""

    content: bytes
    media_type: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    """All static files by name."""
    root = files("lacunar")
    loaded = {}
    for name, (media_type, sources) in _SOURCES.items():
        content = b"\n".join(root.joinpath(source).read_bytes() for source in sources)
        loaded[name] = Asset(content, media_type, hashlib.sha256(content).hexdigest()[:16])
    return loaded


def asset_url(name: str) -> str:
    """URL of a static file, with its version as the query.

    Examples
    --------
    >>> asset_url("app.css").partition("?")[0]
    '/static/app.css'
    """
    return f"/static/{name}?v={assets()[name].version}"


@router.get("/static/{name}")
async def static(request: Request, name: str, v: str = "") -> Response:
    """Answer with a file; browsers cache it for ever if the version is current."""
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    headers = {
        "ETag": f'"{asset.version}"',
        "Cache-Control": _FOR_EVER if v == asset.version else "no-cache",
    }
    cached = request.headers.get("if-none-match", "")
    if any(tag.strip().removeprefix("W/") == headers["ETag"] for tag in cached.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
