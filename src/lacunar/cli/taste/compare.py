"""``lacunar taste compare``: which segments of two models correspond."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lacunar.cli.console import JsonFlag, emit_json, out

if TYPE_CHECKING:
    from lacunar.taste.compare import TasteComparison


def compare(
    model_a: Annotated[Path, typer.Argument(help="Directory of a fitted taste model.")],
    model_b: Annotated[Path, typer.Argument(help="Directory of another one.")],
    json: JsonFlag = False,
) -> None:
    """Show which segments of two models correspond, by the users whom both know."""
    from lacunar.store import load_taste
    from lacunar.taste.compare import compare_taste
    from lacunar.taste.to_json import comparison_document

    found = compare_taste(load_taste(model_a), load_taste(model_b))
    if json:
        emit_json(comparison_document(found))
        return
    out.print(
        f"Common users: {found.n_users:,}. Agreement of the segments (adjusted Rand index): "
        f"{found.agreement:.2f}.",
        soft_wrap=True,
    )
    print_pairs(found, "Segments of A and B with most users in common")


def print_pairs(found: TasteComparison, title: str) -> None:
    """Print a table of corresponding segments."""
    table = Table(title=title, title_justify="left")
    for name in ("A", "B", "users", "of A", "of B"):
        table.add_column(name, justify="right")
    table.add_column("name")
    for pair in found.pairs:
        names = dict.fromkeys(name for name in (pair.name_a, pair.name_b) if name is not None)
        table.add_row(
            _number(pair.segment_a),
            _number(pair.segment_b),
            f"{pair.users:,}",
            _percent(pair.share_of_a),
            _percent(pair.share_of_b),
            escape(" / ".join(names)),
        )
    out.print(table)


def _number(segment: int | None) -> str:
    return "-" if segment is None else str(segment)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
