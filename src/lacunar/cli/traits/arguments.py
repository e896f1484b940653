"""Arguments and options that several ``lacunar traits`` commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[Path, typer.Argument(help="Directory of a fitted traits model.")]
SchemaOption = Annotated[
    Path | None,
    typer.Option(help="schema.toml, if not with the data."),
]
CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", help="Directory for decoded images (default: LACUNAR_CACHE)."),
]
DeviceOption = Annotated[
    str | None, typer.Option(help="auto, cpu, cuda, mps ... (default: the model's).")
]
