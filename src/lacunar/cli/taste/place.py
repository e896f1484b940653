"""``lacunar taste place``: everybody of a log in the segments of a model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress
from lacunar.cli.taste.engines import EngineOption, MasterOption, MemoryOption


def place(
    model: Annotated[Path, typer.Argument(help="Directory of a fitted taste model.")],
    data: Annotated[Path, typer.Argument(help="Directory in a MovieLens layout; any users.")],
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
    """Place all users of a log in a model's segments, without a refit.

    One row per user: user_id, segment, probability, responsibilities, known.
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
    found: dict[str, Any] = {
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
        emit_json(found)
        return
    for segment in found["segments"]:
        out.print(f"{segment['id']}  {segment['users']:>6} users  {segment['name']}", markup=False)
    if found["unknown_genres"]:
        err.print(f"The model knows nothing of: {', '.join(found['unknown_genres'])}.")
    if placed.unknown:
        err.print(f"Of {placed.unknown} users it knows nothing; each got the segments' weights.")
    if intake.unknown_item_rows:
        err.print(
            f"Left out {intake.unknown_item_rows} ratings of {intake.unknown_items} films that "
            f"the catalogue lacks, and {intake.dropped_users} users who had no others."
        )
    out.print(f"Users written to {output}", markup=False, soft_wrap=True)
