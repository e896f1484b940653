"""``lacunar taste update``: add later ratings to a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress
from lacunar.cli.taste.arguments import ModelArgument
from lacunar.cli.taste.compare import print_pairs
from lacunar.cli.taste.engines import MemoryOption

if TYPE_CHECKING:
    from lacunar.taste.compare import TasteComparison


def update(
    model: ModelArgument,
    new_ratings: Annotated[
        Path,
        typer.Argument(
            help="Directory with the new ratings, or with all of them, in a layout that fit reads."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    memory_limit: MemoryOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Update a model with later ratings, in a fraction of the time of a fit.

    Scale, view, number of segments and settings stay. Segments keep number and name where at least
    half of their users stay.
    """
    from lacunar.store import check_destination, load_taste, save_taste
    from lacunar.taste.compare import compare_taste
    from lacunar.taste.to_json import comparison_document, segments_document
    from lacunar.taste.update import update_taste

    check_destination(output, force=force)
    before = load_taste(model)
    with progress() as report:
        after = update_taste(before, new_ratings, memory_limit=memory_limit, progress=report)
        report("saving", 0, 1)
        save_taste(after, output, force=force)
        report("saving", 1, 1)
    found = compare_taste(before, after)
    old, new = before.ratings, after.ratings
    added = {
        "ratings": new.log.num_rows - old.log.num_rows,
        "users": new.n_users - old.n_users,
        "items": new.n_items - old.n_items,
        "unknown_item_rows": new.intake.unknown_item_rows - old.intake.unknown_item_rows,
    }
    if json:
        document = {"model": str(output), "added": added, "changes": comparison_document(found)}
        emit_json(document | segments_document(after))
        return
    if after is before:
        out.print("Nothing is new: the model is the same.")
    else:
        out.print(
            f"Added {added['ratings']:,} ratings, {added['users']:,} users and"
            f" {new.noun.counted(added['items'])}.",
        )
        if added["unknown_item_rows"]:
            err.print(
                f"Left out {added['unknown_item_rows']:,} ratings of {new.noun.plural} that neither"
                " the new table nor the model has.",
            )
        print_pairs(found, "Segments before (A) and after (B)")
        _print_new_names(found)
    out.print(f"Model written to {output}", soft_wrap=True)


def _print_new_names(found: TasteComparison) -> None:
    before = {pair.segment_a: pair for pair in found.pairs if pair.segment_a is not None}
    after = {pair.segment_b: pair.name_b for pair in found.pairs if pair.segment_b is not None}
    for segment, pair in before.items():
        if after[segment] != pair.name_a:
            out.print(
                f"Segment {segment} is another group: less than half of its users stay, so"
                f" {pair.name_a} became {after[segment]}.",
                soft_wrap=True,
            )
