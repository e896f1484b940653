"""``lacunar taste evaluate``: comparison of recommenders on held-out ratings."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from lacunar.cli.config_file import ConfigOption
from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    err,
    figure,
    is_stdout,
    out,
    progress,
    write_text,
)
from lacunar.cli.taste.arguments import DataArgument, ScaleOption

if TYPE_CHECKING:
    from lacunar.taste.data.item_noun import ItemNoun
    from lacunar.taste.data.ratings import Ratings
    from lacunar.taste.evaluate.bootstrap import Interval
    from lacunar.taste.evaluate.comparison import Comparison
    from lacunar.taste.evaluate.split import Split

_HELD_OUT = {
    "random-20": "a random fifth of each user's ratings",
    "leave-last-out": "each user's latest rating",
    "global-time": "the latest fifth of all ratings",
}
# Reference method of the differences, if it is evaluated.
_REFERENCE = "segment-source"


def evaluate(
    data: DataArgument,
    protocol: Annotated[
        str, typer.Option(help="Held-out ratings: random-20, leave-last-out or global-time.")
    ] = "random-20",
    seeds: Annotated[
        int, typer.Option(min=1, help="Number of random splits, with seeds from 0.")
    ] = 3,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="popularity, segment-source, segment, segment-posterior or personal; "
            "repeatable (default: all)."
        ),
    ] = None,
    cold_start: Annotated[
        bool, typer.Option("--cold-start", help="Also evaluate new users, left out of the fit.")
    ] = False,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls", help="Also evaluate adventure, favourites and diversity at 4 levels."
        ),
    ] = False,
    like: Annotated[
        Path | None,
        typer.Option(
            help="Directory of a fitted taste model: evaluate with its settings and rating scale "
            "(default: the default settings)."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", help="Also write the scores to this JSON file.")
    ] = None,
    scale: ScaleOption = None,
    config_file: ConfigOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Compare recommenders on held-out ratings.

    Scores have 95 % bootstrap intervals over users.
    """
    del config_file
    from lacunar.store import load_taste
    from lacunar.taste.data.fingerprint import fingerprint
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.evaluate.control_methods import control_methods
    from lacunar.taste.evaluate.methods import methods_named
    from lacunar.taste.evaluate.new_users import cold_start as new_users
    from lacunar.taste.evaluate.notes import evaluation_notes
    from lacunar.taste.evaluate.protocols import SEEDED_PROTOCOLS, splits_of
    from lacunar.taste.evaluate.runner import compare, compare_groups
    from lacunar.taste.evaluate.to_json import evaluation_document

    if output is not None:
        check_file_destination(output, force=force)
    methods = methods_named(method or [])
    model = None if like is None else load_taste(like)
    config = None if model is None else model.config
    own_scale = None if model is None else model.ratings.scale
    ratings = read_ratings(data, scale=RatingScale.parse(scale) if scale else own_scale)
    splits = splits_of(ratings, protocol, range(seeds))
    newcomers = [new_users(ratings, seed=seed) for seed in range(seeds)] if cold_start else []
    with progress() as report:
        steered = control_methods() if controls else {}
        everything = compare(
            methods | steered, splits, config=config, progress=partial(report, "comparing")
        )
        cold = (
            compare_groups(
                methods, newcomers, config=config, progress=partial(report, "cold start")
            )
            if newcomers
            else None
        )
    comparison = everything.only(methods)
    controlled = everything.only(steered) if controls else None
    drawn = range(seeds) if protocol in SEEDED_PROTOCOLS or cold_start else []
    document = evaluation_document(
        protocol,
        drawn,
        comparison,
        cold_start=cold,
        controls=controlled,
        fingerprint=fingerprint(ratings),
        config=config,
    )
    if output is not None:
        write_text(output, json_text.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")
    if is_stdout(output):
        return
    if json:
        emit_json(document)
        return
    for note in evaluation_notes(ratings):
        err.print(note)
    _print_protocol(protocol, ratings, splits, comparison)
    if like is not None:
        out.print(f"Settings of the model {like}.\n", soft_wrap=True)
    _print_accuracy(comparison)
    _print_lists(comparison, ratings.noun)
    _print_differences(comparison)
    _print_slices(comparison)
    if cold is not None:
        _print_cold_start(cold)
    if controlled is not None:
        _print_accuracy(controlled, "Accuracy of the personal recommender with controls")
        _print_lists(controlled, ratings.noun, "Its top 10 lists with controls")
    if output is not None:
        out.print(f"Evaluation written to {output}", soft_wrap=True)


def _print_protocol(
    protocol: str, ratings: Ratings, splits: Sequence[Split], comparison: Comparison
) -> None:
    from lacunar.taste.evaluate.protocols import SEEDED_PROTOCOLS
    from lacunar.taste.evaluate.split import relevant_from

    learned = sum(len(split.train.user) for split in splits) / len(splits)
    held_out = sum(len(split.relevant.item) for split in splits) / len(splits)
    n_splits = f"{len(splits)} random splits" if len(splits) > 1 else "One split"
    if protocol not in SEEDED_PROTOCOLS:
        n_splits += ", not random"
    relevant = f"ratings of {relevant_from(ratings.scale):g} or more"
    if ratings.implicit:
        relevant = "likes"
    out.print(
        f"Protocol {protocol}: {_HELD_OUT[protocol]} held out.\n"
        f"{n_splits}. Trained on {learned:,.0f} of {len(ratings.user):,} ratings.\n"
        f"Tested on {comparison.n_users:,} of {ratings.n_users:,} users. "
        f"Relevant: {held_out:,.0f} held-out {relevant}.\n"
        f"Ranked: all {ratings.noun.plural} with a training rating.\n"
        "Means over users, with 95 % bootstrap intervals.\n",
        soft_wrap=True,
    )


def _print_accuracy(comparison: Comparison, title: str = "Accuracy") -> None:
    table = _table(title, ["nDCG@10", "Recall@20", "MRR@10", "hit rate\n@10"])
    for name, values in comparison.summary().items():
        table.add_row(
            name,
            _with_interval(values["ndcg@10"]),
            _with_interval(values["recall@20"]),
            figure(values["mrr@10"].mean),
            figure(values["hit_rate@10"].mean),
        )
    out.print(table)


def _print_lists(comparison: Comparison, noun: ItemNoun, title: str = "Top 10 lists") -> None:
    columns = ["coverage", "novelty\n(bits)", "diver-\nsity", "miscali-\nbration"]
    table = _table(title, [*columns, "fit\n(s)", "rank\n(s)"])
    for name, values in comparison.summary().items():
        seconds = comparison.results[name].seconds
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
        f"coverage: share of all {noun.plural} on any list. novelty: higher for less-rated "
        f"{noun.plural}.\n"
        f"diversity: 1 if the {noun.plural} of a list share no genres, 0 if all. miscalibration:\n"
        f"KL divergence in nats between the genres of the list and of the user's {noun.plural}.\n",
        soft_wrap=True,
    )


def _print_differences(comparison: Comparison) -> None:
    names = list(comparison.results)
    if len(names) < 2:
        return
    reference = _REFERENCE if _REFERENCE in names else names[0]
    table = _table(f"Compared with {reference}, user by user", ["nDCG@10", "Recall@20"])
    for name, values in comparison.differences(reference).items():
        table.add_row(
            name,
            _change(values["ndcg@10"]),
            _change(values["recall@20"]),
        )
    out.print(table)


def _print_slices(comparison: Comparison) -> None:
    slices = comparison.by_history()
    if len(slices) < 2:
        return
    headers = [f"{part.name}\nn = {part.n_users:,}" for part in slices]
    table = _table("nDCG@10 by number of training ratings (n: users)", headers)
    for name in comparison.results:
        means = [part.summary[name]["ndcg@10"].mean for part in slices]
        table.add_row(name, *(figure(mean) for mean in means))
    out.print(table)


def _print_cold_start(cold: Mapping[int, Comparison]) -> None:
    any_number = next(iter(cold.values()))
    out.print(
        f"nDCG@10 for {any_number.n_users:,} new users, by number of ratings given:",
        soft_wrap=True,
    )
    table = _table(None, [str(given) for given in cold])
    summaries = [comparison.summary() for comparison in cold.values()]
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
