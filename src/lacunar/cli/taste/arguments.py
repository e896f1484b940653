"""Arguments and options that several ``lacunar taste`` commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[Path, typer.Argument(help="Directory of a fitted taste model.")]
DataArgument = Annotated[
    Path,
    typer.Argument(
        help="Directory with ratings.csv and movies.csv, or a ratings.toml for other tables."
    ),
]
ScaleOption = Annotated[
    str | None, typer.Option(help="Rating scale MIN:MAX:STEP (default: 0.5:5:0.5).")
]
