"""``lacunar taste recommend``: recommendations for a user of the log or a new user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    is_stdout,
    out,
    progress,
)
from lacunar.cli.taste.engines import EngineOption, MasterOption
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.cli.taste.engines import Where
    from lacunar.taste.data.item_noun import ItemNoun
    from lacunar.taste.json_schema import RecommendationsDocument
    from lacunar.taste.model import TasteModel
    from lacunar.taste.recommend.list_request import ListRequest


def recommend(
    model: Annotated[Path, typer.Argument(help="Directory of a fitted taste model.")],
    user: Annotated[str | None, typer.Option("--user", help="Id of a user in the ratings.")] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(
            help="ITEM=RATING: a rating of a new user, or with --user one more of this user; "
            "repeatable."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Number of items.")] = 5,
    by: Annotated[
        str | None,
        typer.Option(help="popularity, segment, posterior or personal (default: the model's)."),
    ] = None,
    adventure: Annotated[
        float, typer.Option(help="0 to 1: explore what neighbouring segments like.")
    ] = 0.0,
    favourites: Annotated[
        float, typer.Option(help="0 to 1: match the genres the user likes.")
    ] = 0.0,
    diversity: Annotated[float, typer.Option(help="0 to 1: more varied lists.")] = 0.0,
    genre: Annotated[
        list[str] | None,
        typer.Option(help="Only items of this genre; repeat it to allow several."),
    ] = None,
    years: Annotated[
        str | None, typer.Option(help="FIRST:LAST: only items of these years.")
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option(help="Id of an allowed item, if not all are; repeatable.")
    ] = None,
    deny: Annotated[
        list[str] | None, typer.Option(help="Id of an item to leave out; repeatable.")
    ] = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Include items the user has rated.")
    ] = False,
    everybody: Annotated[
        bool, typer.Option("--all", help="For all users of the log, to a file, without reasons.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="With --all: file ending in .csv, .json, .jsonl or .parquet; -: CSV on stdout; "
            "with spark a directory.",
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    master: MasterOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Recommend items to a user of the log or to a new user, with reasons.

    Describe a new user with ``--rate``. Without ``--user`` and ``--rate``, the new user has no
    ratings. With both, the ratings count with the user's own and replace earlier ones. With
    ``--all`` every user of the log gets a list: user_id, rank, item_id, score.
    """
    from lacunar.cli.taste import engines
    from lacunar.files.parquet_directory import check_parquet_destination
    from lacunar.files.tables import table_suffix
    from lacunar.store import load_taste
    from lacunar.taste.config import RECOMMENDERS
    from lacunar.taste.recommend.list_request import ListRequest
    from lacunar.taste.recommend.rerank import Controls
    from lacunar.taste.to_json import recommendations_document

    _check_who(user, rate, everybody, output, engine)
    where = engines.where_to_work(engine, master)
    if where.master is not None and output is not None:
        check_parquet_destination(output, force=force)
    elif output is not None:
        table_suffix(output)
        check_file_destination(output, force=force)
    recommender = next((name for name in RECOMMENDERS if name == by), None)
    if by is not None and recommender is None:
        raise InputError(f"--by: expected one of {', '.join(RECOMMENDERS)}, got {by!r}")
    stars = _stars(rate or [])
    first_year, last_year = _years(years)
    request = ListRequest(
        k=top,
        by=recommender,
        controls=Controls(adventure=adventure, favourites=favourites, diversity=diversity),
        genres=tuple(genre or ()),
        first_year=first_year,
        last_year=last_year,
        allow=tuple(allow) if allow else None,
        deny=tuple(deny or ()),
        include_seen=include_seen,
    )
    loaded = load_taste(model)
    if output is not None:
        _write_all(where, loaded, model, output, request, force=force, json=json)
        return
    if user is None:
        document = recommendations_document(loaded, stars, request)
    else:
        position = loaded.ratings.user_position(user)
        document = recommendations_document(loaded, position, request, also=stars)
    if json:
        emit_json(document)
        return
    _print(document, loaded.ratings.noun)


def _check_who(
    user: str | None, rate: list[str] | None, everybody: bool, output: Path | None, engine: str
) -> None:
    if everybody and (user is not None or rate):
        raise InputError("expected --all, or a user by --user or --rate, got both")
    if everybody != (output is not None):
        raise InputError("expected --all and the file to write, --out, together, got one of them")
    if engine == "spark" and not everybody:
        raise InputError("--engine: expected spark with --all, got it without")


def _write_all(
    where: Where,
    model: TasteModel,
    saved: Path,
    output: Path,
    request: ListRequest,
    *,
    force: bool,
    json: bool,
) -> None:
    from lacunar.store import taste_log

    with progress() as report:
        rows = where.recommend_all(taste_log(saved), model, request, output, report, force=force)
    if is_stdout(output):
        return
    users = model.ratings.n_users
    if json:
        emit_json(
            {
                "file": str(output),
                "users": users,
                "rows": rows,
                "by": request.by or model.config.recommender,
            }
        )
        return
    out.print(
        f"{rows} recommendations for {users} users written to {output}",
        soft_wrap=True,
    )


def _stars(rates: list[str]) -> dict[str, float]:
    stars: dict[str, float] = {}
    for rate in rates:
        item, _, value = (part.strip() for part in rate.rpartition("="))
        try:
            rating = float(value)
        except ValueError:
            item = ""
        if not item:
            raise InputError(f"--rate: expected ITEM=RATING, such as 318=4.5, got {rate!r}")
        if item in stars:
            raise InputError(f"--rate: expected one rating of item {item}, got several")
        stars[item] = rating
    return stars


def _years(years: str | None) -> tuple[int, int] | tuple[None, None]:
    if years is None:
        return None, None
    first, _, last = years.partition(":")
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        raise InputError(f"--years: expected FIRST:LAST, such as 1980:1999, got {years!r}")
    return int(first), int(last)


def _print(found: RecommendationsDocument, noun: ItemNoun) -> None:
    who = "A new user" if found["user"] is None else f"User {found['user']}"
    out.print(
        f"{who} is in segment {found['segment']} ({found['segment_name']}) "
        f"with probability {found['probability']:.4f}; ratings known: {found['ratings']}.",
    )
    if not found["items"]:
        out.print(f"No {noun.singular} is left to recommend.")
    digits = 0 if found["by"] in {"popularity", "segment"} else 3
    for rank, item in enumerate(found["items"], start=1):
        out.print(f"\n{rank}. {item['title']}  [{item['item']}]", style="bold")
        out.print(f"   {', '.join(item['genres'])}")
        out.print(f"   score {item['score']:.{digits}f}")
        for reason in item["reasons"]:
            out.print(f"   - {reason['text']}")
