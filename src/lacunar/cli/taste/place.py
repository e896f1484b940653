"""``lacunar taste place``: segments of all users of a ratings log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress
from lacunar.cli.taste.arguments import DataArgument, ModelArgument
from lacunar.cli.taste.engines import EngineOption, MasterOption, MemoryOption
from lacunar.cli.taste.intake import print_unknown_items


def place(
    model: ModelArgument,
    data: DataArgument,
    output: Annotated[
        Path, typer.Option("-o", "--out", help="Directory of Parquet files to write.")
    ],
    scale: Annotated[
        str | None, typer.Option(help="Rating scale MIN:MAX:STEP (default: the model's).")
    ] = None,
    engine: EngineOption = "duckdb",
    master: MasterOption = None,
    memory_limit: MemoryOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Assign all users of a ratings log to a model's segments.

    Writes one row per user: user_id, segment, probability, responsibilities, known.
    """
    from lacunar.cli.taste import engines
    from lacunar.files.parquet_directory import check_parquet_destination
    from lacunar.store import load_taste
    from lacunar.taste.data.rating_scale import RatingScale

    where = engines.where_to_work(engine, master, memory_limit)
    check_parquet_destination(output, force=force)
    loaded = load_taste(model)
    with progress() as report:
        placed, intake, genres = where.place(
            data,
            RatingScale.parse(scale) if scale else loaded.ratings.scale,
            loaded.placer.rule,
            output,
            report,
            force=force,
        )
    document: dict[str, Any] = {
        "output": str(output),
        "users": placed.n_users,
        "unknown_users": placed.unknown,
        "unknown_genres": sorted(set(genres) - set(loaded.ratings.genres)),
        "intake": asdict(intake),
        "segments": [
            {"id": segment, "name": name, "users": int(users)}
            for segment, (name, users) in enumerate(
                zip(loaded.segments.names, placed.populations, strict=True)
            )
        ],
    }
    if json:
        emit_json(document)
        return
    for segment in document["segments"]:
        out.print(f"{segment['id']}  {segment['users']:>6} users  {segment['name']}")
    if document["unknown_genres"]:
        err.print(f"Genres unknown to the model: {', '.join(document['unknown_genres'])}.")
    if placed.unknown:
        err.print(f"{placed.unknown} users without known genres got the weights of the segments.")
    print_unknown_items(intake, loaded.ratings.noun)
    out.print(f"Users written to {output}", soft_wrap=True)
