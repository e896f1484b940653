"""``lacunar info`` and ``lacunar verify``: the manifest of a model and a check of its files."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from lacunar.cli.console import JsonFlag, emit_json, err, out
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.store.manifest import Manifest

ModelArgument = Annotated[Path, typer.Argument(help="Directory of a saved model.")]


def info(model: ModelArgument, json: JsonFlag = False) -> None:
    """Show a model's origin: versions, seeds, settings, data, files."""
    from lacunar.store.manifest import read_manifest

    document = _document(model, read_manifest(model))
    if json:
        emit_json(document)
        return
    table = Table(
        title=f"Model of kind {_plain(document['kind'])}", title_justify="left", show_header=False
    )
    table.add_column("name", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, value in _rows(document):
        table.add_row(_plain(name), _plain(value))
    out.print(table)
    files = Table(title="Files", title_justify="left")
    files.add_column("name", overflow="fold")
    files.add_column("bytes", justify="right")
    for file in document["files"]:
        size = "missing" if file["bytes"] is None else f"{file['bytes']:,}"
        files.add_row(_plain(file["name"]), size)
    out.print(files)


def verify(model: ModelArgument, json: JsonFlag = False) -> None:
    """Check the files of a model against its manifest; exit with status 2 if any differs."""
    from lacunar.files.directory_swap import locked_for_reading
    from lacunar.store.manifest import find_differences, read_manifest, unnamed_files

    with locked_for_reading(model):
        manifest = read_manifest(model)
        differences, unnamed = find_differences(model, manifest), unnamed_files(model, manifest)
    if json:
        emit_json(
            {
                "model": str(model),
                "whole": not differences,
                "files": len(manifest.files),
                "differences": [{"file": one.file, "found": one.found} for one in differences],
                "unnamed": unnamed,
            }
        )
    if differences:
        named = ", ".join(f"{one.file} ({one.found})" for one in differences)
        raise InputError(f"{model}: expected files as in its manifest, got {named}")
    if json:
        return
    if unnamed:
        err.print(f"Ignored, not in the manifest: {_plain(', '.join(unnamed))}.")
    out.print(
        f"All {len(manifest.files)} files match the manifest of {model}.",
        soft_wrap=True,
    )


def _document(path: Path, manifest: Manifest) -> dict[str, Any]:
    from lacunar.store.manifest import manifest_digest

    return {
        "model": str(path),
        "kind": manifest.kind,
        "format_version": manifest.format_version,
        "versions": manifest.versions,
        "seeds": manifest.seeds,
        "config": manifest.config,
        "fingerprint": manifest.fingerprint,
        "manifest_sha256": manifest_digest(path),
        "files": [
            {"name": name, "bytes": _size(path / name), "sha256": hash_}
            for name, hash_ in sorted(manifest.files.items())
        ],
    }


def _plain(text: str) -> str:
    """Escape the text of an untrusted file for a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _size(file: Path) -> int | None:
    return file.stat().st_size if file.is_file() else None


def _rows(document: dict[str, Any]) -> list[tuple[str, str]]:
    seeds: list[int] = document["seeds"]
    is_range = seeds == list(range(seeds[0], seeds[-1] + 1)) if len(seeds) > 2 else False
    return [
        ("format version", str(document["format_version"])),
        ("seeds", f"{seeds[0]} to {seeds[-1]}" if is_range else ", ".join(map(str, seeds))),
        ("data (SHA-256)", document["fingerprint"]),
        ("manifest (SHA-256)", document["manifest_sha256"]),
        (
            "versions",
            ", ".join(f"{name} {number}" for name, number in document["versions"].items()),
        ),
        *(
            (name, value if isinstance(value, str) else json_.dumps(value))
            for name, value in document["config"].items()
        ),
    ]
