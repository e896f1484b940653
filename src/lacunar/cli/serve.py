"""``lacunar serve``: the web app and the HTTP API."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import JsonFlag, emit_json, err, out, progress
from lacunar.errors import InputError

TOKEN_VARIABLE = "LACUNAR_TOKEN"  # noqa: S105 - the variable's name, not a token
_LIBRARIES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
_MAX_TOKEN_FILE = 4096


def serve(
    taste: Annotated[Path | None, typer.Option(help="Directory of a fitted taste model.")] = None,
    traits: Annotated[
        Path | None,
        typer.Option(help="Directory of a fitted traits model, or its ONNX file."),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(help="Labelled images to audit with the traits model.")
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(help="TOML file with attributes and columns of the images to audit."),
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(help="CSV file to save the decisions of the audit in (default: not saved)."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to bind to; other than loopback needs a token (default: 127.0.0.1)."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0: any free port (default: 8000).")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help=f"File with the access token (default: variable {TOKEN_VARIABLE})."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Additional host name of the server; repeatable."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            help="Most requests per second of a client; 0: no limit "
            "(default: 20; no limit for this machine)."
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Most heavy jobs at the same time.")] = None,
    json: JsonFlag = False,
) -> None:
    """Serve models as a web app and an HTTP API, by default to this machine only.

    Ctrl-C stops the server after it has answered the requests in progress. A model that is replaced
    on disk is loaded without a restart.
    """
    if taste is None and traits is None:
        raise InputError("expected --taste MODEL or --traits MODEL, got neither")
    if audit is not None and traits is None:
        raise InputError("expected --traits MODEL with it, got none", field="audit")
    if audit is None and not (schema is None and corrections is None):
        raise InputError("expected --audit DATA with --schema and --corrections, got none")
    _require_web()
    from lacunar.cli.settings import validated
    from lacunar.web.settings import ServeSettings

    settings = validated(
        ServeSettings,
        host=host,
        port=port,
        token=_token(token_file),
        allow_host=tuple(allow_host) if allow_host else None,
        rate=rate,
        workers=workers,
    )
    from lacunar.store import load_taste
    from lacunar.web.reload import watched_taste, watched_traits
    from lacunar.web.server import serve as serve_state
    from lacunar.web.state import build_state
    from lacunar.web.traits_service import TraitsService

    models = [] if taste is None else [watched_taste(taste)]
    if traits is not None and audit is None:
        models.append(watched_traits(traits))
    tastes = None if taste is None else load_taste(taste)
    service = None
    if traits is not None:
        with progress() as report:
            service = TraitsService.load(
                traits, data=audit, schema=schema, corrections=corrections, progress=report
            )

    def listening(address: str) -> None:
        if json:
            emit_json({"url": address, "pid": os.getpid()})
            return
        out.print(f"Serving at {address} - Ctrl-C stops", soft_wrap=True)
        if settings.token is not None:
            err.print("Clients need the token.")

    def say(line: str) -> None:
        err.print(line)

    state = build_state(settings, taste=tastes, traits=service)
    serve_state(state, models=models, listening=listening, say=say)


def _token(path: Path | None) -> str | None:
    """Read the token from a file or variable: other processes can read arguments."""
    from lacunar.web.settings import TOKEN_RULE, is_token

    if path is None:
        where, token = TOKEN_VARIABLE, os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            return None
    else:
        where = str(path)
        try:
            with path.open(encoding="ascii") as file:
                token = file.read(_MAX_TOKEN_FILE).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{where}: expected a text file with a token, got none") from error
    if not is_token(token):
        raise InputError(f"{where}: expected {TOKEN_RULE}, got {len(token)} characters")
    return token


def _require_web() -> None:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise InputError(
            f"expected {', '.join(missing)}, which the server needs, got none: "
            "pip install 'lacunar[web]'"
        )
