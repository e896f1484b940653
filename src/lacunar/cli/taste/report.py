"""``lacunar taste report``: the HTML report of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    print_report_path,
    write_text,
)
from lacunar.cli.taste.arguments import ModelArgument
from lacunar.errors import InputError


def report(
    model: ModelArgument,
    output: Annotated[Path, typer.Option("-o", "--out", help="HTML file to write.")],
    user: Annotated[
        list[str] | None,
        typer.Option(help="ID of a user to show in addition to the samples; repeatable."),
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="JSON file of `taste evaluate -o` to show as well.")
    ] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write a report as one HTML file that works offline."""
    from lacunar.report.taste.page import taste_report
    from lacunar.store import load_taste
    from lacunar.taste.data.fingerprint import fingerprint
    from lacunar.taste.evaluate.to_json import read_evaluation

    check_file_destination(output, force=force)
    scores = read_evaluation(evaluation) if evaluation else None
    loaded = load_taste(model)
    if scores is not None and scores.fingerprint != fingerprint(loaded.ratings):
        raise InputError(
            f"expected an evaluation of the model's log, got {evaluation} of another log",
            field="evaluation",
        )
    users = [loaded.ratings.user_position(name) for name in user or []]
    write_text(output, taste_report(loaded, users=users, evaluation=scores))
    print_report_path(output, json=json)
