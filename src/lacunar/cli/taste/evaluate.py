"""``lacunar taste evaluate``: recommenders side by side on ratings they have not seen."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    figure,
    out,
    progress,
    write_text,
)

if TYPE_CHECKING:
    from lacunar.taste.data.ratings import Ratings
    from lacunar.taste.evaluate.bootstrap import Interval
    from lacunar.taste.evaluate.comparison import Comparison
    from lacunar.taste.evaluate.split import Split

_HELD_OUT = {
    "random-20": "a random fifth of each user's ratings",
    "leave-last-out": "each user's latest rating",
    "global-time": "the latest fifth of all ratings",
}
# What differences are told against, where it is among the methods.
_REFERENCE = "segment-source"


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            help="Directory with ratings.csv and movies.csv, or with other tables and a "
            "ratings.toml that names them."
        ),
    ],
    protocol: Annotated[
        str, typer.Option(help="What is held out: random-20, leave-last-out or global-time.")
    ] = "random-20",
    seeds: Annotated[int, typer.Option(min=1, help="Splits to draw, with seeds from 0.")] = 3,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="popularity, segment-source, segment, segment-posterior or personal; "
            "repeatable. All unless named."
        ),
    ] = None,
    cold_start: Annotated[
        bool, typer.Option("--cold-start", help="Also test users whom no fit has seen.")
    ] = False,
    controls: Annotated[
        bool,
        typer.Option("--controls", help="Also adventure, favourites and diversity, at 4 levels."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", help="JSON file to write as well.")
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="Rating scale MIN:MAX:STEP (default: 0.5:5:0.5).")
    ] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Compare recommenders on ratings they have not seen.

    Intervals hold 95 % and come from resampling users.
    """
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.evaluate.cold_start import cold_start as new_users
    from lacunar.taste.evaluate.control_methods import control_methods
    from lacunar.taste.evaluate.methods import methods_named
    from lacunar.taste.evaluate.protocols import SEEDED_PROTOCOLS, splits_of
    from lacunar.taste.evaluate.runner import compare, compare_groups
    from lacunar.taste.evaluate.to_json import evaluation_document
    from lacunar.taste.model import fingerprint

    if output is not None:
        check_file_destination(output, force=force)
    methods = methods_named(method or [])
    ratings = read_ratings(data, scale=RatingScale.parse(scale) if scale else None)
    splits = splits_of(ratings, protocol, range(seeds))
    newcomers = [new_users(ratings, seed=seed) for seed in range(seeds)] if cold_start else []
    with progress() as report:
        steered = control_methods() if controls else {}
        everything = compare(methods | steered, splits, progress=partial(report, "comparing"))
        cold = (
            compare_groups(methods, newcomers, progress=partial(report, "cold start"))
            if newcomers
            else None
        )
    found = everything.only(methods)
    lists = everything.only(steered) if controls else None
    drawn = range(seeds) if protocol in SEEDED_PROTOCOLS or cold_start else []
    document = evaluation_document(
        protocol, drawn, found, cold_start=cold, controls=lists, fingerprint=fingerprint(ratings)
    )
    if output is not None:
        write_text(output, json_text.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")
    if json:
        emit_json(document)
        return
    _print_protocol(protocol, ratings, splits, found)
    _print_found(found)
    _print_lists(found)
    _print_differences(found)
    _print_slices(found)
    if cold is not None:
        _print_cold_start(cold)
    if lists is not None:
        _print_found(lists, "What controls of the personal recommender find")
        _print_lists(lists, "What its first ten films are like then")
    if output is not None:
        out.print(f"Evaluation written to {output}", markup=False, soft_wrap=True)


def _print_protocol(
    protocol: str, ratings: Ratings, splits: Sequence[Split], found: Comparison
) -> None:
    from lacunar.taste.evaluate.protocols import SEEDED_PROTOCOLS
    from lacunar.taste.evaluate.split import relevant_from

    learned = sum(len(split.train.user) for split in splits) / len(splits)
    held_out = sum(len(split.relevant.item) for split in splits) / len(splits)
    n_splits = f"{len(splits)} random splits" if len(splits) > 1 else "One split"
    if protocol not in SEEDED_PROTOCOLS:
        n_splits += ", nothing drawn"
    out.print(
        f"Protocol {protocol}: {_HELD_OUT[protocol]} held out.\n"
        f"{n_splits}. Learned from {learned:,.0f} of {len(ratings.user):,} ratings.\n"
        f"Tested on {found.n_users:,} of {ratings.n_users:,} users. "
        f"To be found: {held_out:,.0f} held-out ratings of {relevant_from(ratings.scale):g} or "
        "more.\nRanked: all films that somebody rated in training.\n"
        "Means over users, with 95 % intervals from resampling users.\n",
        markup=False,
        soft_wrap=True,
    )


def _print_found(found: Comparison, title: str = "What is found") -> None:
    table = _table(title, ["nDCG@10", "Recall@20", "MRR@10", "hit rate\n@10"])
    for name, values in found.summary().items():
        table.add_row(
            name,
            _with_interval(values["ndcg@10"]),
            _with_interval(values["recall@20"]),
            figure(values["mrr@10"].mean),
            figure(values["hit_rate@10"].mean),
        )
    out.print(table)


def _print_lists(found: Comparison, title: str = "What the first ten films are like") -> None:
    columns = ["coverage", "novelty\n(bits)", "diver-\nsity", "miscali-\nbration"]
    table = _table(title, [*columns, "fit\n(s)", "rank\n(s)"])
    for name, values in found.summary().items():
        seconds = found.results[name].seconds
        table.add_row(
            name,
            figure(values["coverage"].mean),
            figure(values["novelty@10"].mean, ".2f"),
            figure(values["diversity@10"].mean),
            figure(values["miscalibration@10"].mean),
            f"{seconds.fit:.1f}",
            f"{seconds.rank:.2f}",
        )
    out.print(table)
    out.print(
        "coverage: share of all films on any list. novelty: how few know the films.\n"
        "diversity: how little genres of films overlap, 0 to 1. miscalibration: how far\n"
        "genres are from those the user watches, 0 for a mirror (KL divergence, nats).\n",
        soft_wrap=True,
    )


def _print_differences(found: Comparison) -> None:
    names = list(found.results)
    if len(names) < 2:
        return
    reference = _REFERENCE if _REFERENCE in names else names[0]
    table = _table(f"Compared with {reference}, user by user", ["nDCG@10", "Recall@20"])
    for name, values in found.differences(reference).items():
        table.add_row(
            name,
            _change(values["ndcg@10"]),
            _change(values["recall@20"]),
        )
    out.print(table)


def _print_slices(found: Comparison) -> None:
    slices = found.by_history()
    if len(slices) < 2:
        return
    headers = [f"{part.name}\nn = {part.n_users:,}" for part in slices]
    table = _table("nDCG@10 by number of ratings shown (n: users)", headers)
    for name in found.results:
        means = [part.summary[name]["ndcg@10"].mean for part in slices]
        table.add_row(name, *(figure(mean) for mean in means))
    out.print(table)


def _print_cold_start(cold: Mapping[int, Comparison]) -> None:
    any_number = next(iter(cold.values()))
    out.print(
        f"nDCG@10 for {any_number.n_users:,} users whom no fit has seen, by ratings shown:",
        soft_wrap=True,
    )
    table = _table(None, [str(given) for given in cold])
    summaries = [found.summary() for found in cold.values()]
    for name in any_number.results:
        means = [summary[name]["ndcg@10"].mean for summary in summaries]
        table.add_row(name, *(figure(mean) for mean in means))
    out.print(table)


def _table(title: str | None, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("method", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _with_interval(interval: Interval) -> str:
    mean = figure(interval.mean)
    if interval.low is None or interval.high is None:
        return mean
    return f"{mean} ({figure(interval.low)}-{figure(interval.high)})"


def _change(interval: Interval) -> str:
    mean = figure(interval.mean, "+.3f")
    if interval.low is None or interval.high is None:
        return mean
    return f"{mean} ({figure(interval.low, '+.3f')} to {figure(interval.high, '+.3f')})"
