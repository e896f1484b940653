"""The login page: exchanges the token for a cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lacunar.web.rendering import render
from lacunar.web.security.tokens import COOKIE, COOKIE_SECONDS, cookie_value, same_token
from lacunar.web.state import AppState, State

router = APIRouter()


@router.get("/login")
async def login(request: Request, state: State) -> Response:
    """Show the login form."""
    _token(state)
    return render(request, "login.html", title="Log in", back="/", wrong=False)


@router.post("/login")
async def check(
    request: Request,
    state: State,
    token: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Set the cookie if the token is right, and redirect to the requested page."""
    expected = _token(state)
    if not same_token(token, expected):
        state.metrics.refused.labels("token").inc()
        return render(
            request, "login.html", title="Log in", status=401, back=_local(back), wrong=True
        )
    response = RedirectResponse(_local(back), 303)
    response.set_cookie(
        COOKIE,
        cookie_value(expected),
        max_age=COOKIE_SECONDS,
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/logout")
async def logout(state: State) -> Response:
    """Delete the cookie."""
    _token(state)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _token(state: AppState) -> str:
    if state.settings.token is None:
        raise HTTPException(404)
    return state.settings.token


def _local(path: str) -> str:
    """A path on this server; ``/`` for any text that a browser could take for another site."""
    local = path.startswith("/") and not path.startswith("//")
    plain = all("!" <= letter <= "~" and letter != "\\" for letter in path)
    return path if local and plain else "/"
