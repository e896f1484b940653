"""``lacunar traits audit`` and ``correct``: find what is wrong with a data set, and mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    err,
    figure,
    out,
    progress,
    write_text,
)
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.audit.findings import AuditFindings

# Rows of each kind that are printed; a page shows more.
_PRINTED = 10
# A name or a class that is longer would push a table over 80 columns.
_NAME, _LABEL = 26, 14

Schema = Annotated[
    Path | None,
    typer.Option(help="schema.toml with attributes and columns, if not beside the data."),
]


def audit(
    data: Annotated[Path, typer.Argument(help="Directory of labelled images, or a CSV file.")],
    model: Annotated[
        Path | None,
        typer.Option(help="Model fitted to these data in folds: judges labels and gaps."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", help="HTML report to write.")
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(help="CSV file to write: doubtful and missing labels, to be filled in."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="Images of each section of the report at most.")
    ] = 30,
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe", help="Quote cells that a spreadsheet would run as a formula."
        ),
    ] = False,
    schema: Schema = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where decoded images are kept (or LACUNAR_CACHE).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the permutation tests.")] = 0,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Find wrong labels, bad images, copies, and the gaps most worth filling.

    Nothing is changed. Wrong labels and gaps take a model; all else is found without one.
    """
    from lacunar.traits.audit.correction_sheet import write_corrections
    from lacunar.traits.audit.findings import audit_images
    from lacunar.traits.audit.to_json import audit_document
    from lacunar.traits.audit.unseen_predictions import unseen_probabilities
    from lacunar.traits.data.dataset import read_layout
    from lacunar.traits.data.schema import PEOPLE, read_schema

    for path in (output, corrections):
        if path is not None:
            check_file_destination(path, force=force)
    loaded = None
    if model is not None:
        from lacunar.store.traits import load_traits

        loaded = load_traits(model)
    train, test = read_layout(
        data,
        read_schema(schema) if schema else None,
        default=PEOPLE if loaded is None else loaded.schema,
    )
    probabilities = of_test = None
    if loaded is not None:
        probabilities, of_test = unseen_probabilities(loaded, train, test, cache_dir=cache)
    with progress() as report:
        found = audit_images(
            train, test, probabilities, test_probabilities=of_test, progress=report, seed=seed
        )
    if output is not None:
        from lacunar.report.traits.audit import audit_report

        write_text(output, audit_report(found, top=top))
    if corrections is not None:
        write_text(corrections, write_corrections(found, spreadsheet_safe=spreadsheet_safe))
    if json:
        emit_json(audit_document(found))
        return
    _print(found)
    for path, what in ((output, "Report"), (corrections, "Sheet of corrections")):
        if path is not None:
            out.print(f"{what} written to {path}", markup=False, soft_wrap=True)


def correct(
    data: Annotated[Path, typer.Argument(help="The data that were audited.")],
    corrections: Annotated[Path, typer.Argument(help="The filled sheet of `traits audit`.")],
    output: Annotated[Path, typer.Option("-o", "--out", help="Label file to write.")],
    part: Annotated[str, typer.Option(help="train or test: whose label file.")] = "train",
    schema: Schema = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write the label file anew with what a person has decided.

    All else in it stays as it is. The column `corrected` holds a class, `unknown`, `suggested`,
    `wrong` or `right`; nothing decides nothing.
    """
    from lacunar.traits.audit.audited_images import AuditedImages
    from lacunar.traits.audit.correction_sheet import apply_corrections, read_corrections
    from lacunar.traits.audit.label_files import relabelled_csv
    from lacunar.traits.data.dataset import read_layout
    from lacunar.traits.data.schema import read_schema

    check_file_destination(output, force=force)
    parts = AuditedImages(*read_layout(data, read_schema(schema) if schema else None))
    chosen = next((name for name in parts.datasets if name == part), None)
    if chosen is None:
        raise InputError(f"--part: expected {' or '.join(parts.datasets)}, got {part!r}")
    decided = read_corrections(corrections, parts)
    before = parts.datasets[chosen]
    after = apply_corrections(before, decided, chosen)
    write_text(output, relabelled_csv(before, after))
    changed = int((before.labels != after.labels).sum())
    left = sum(correction.part != chosen for correction in decided)
    if json:
        emit_json({
            "part": chosen, "decided": len(decided), "changed": changed, "other_part": left,
        })  # fmt: skip
        return
    out.print(f"{changed} labels changed in the {chosen} part.")
    if left:
        out.print(f"{left} decisions are of the other part: run it again with --part.")
    out.print(f"Labels written to {output}", markup=False, soft_wrap=True)


def _print(found: AuditFindings) -> None:
    """The counts of what was found, and the first of each kind."""
    across = f", {len(found.across)} of them across the parts" if found.shift else ""
    out.print(f"{len(found.parts)} images: {len(found.low_quality)} of low quality,")
    out.print(f"{len(found.duplicates)} pairs of copies{across}.\n")
    if found.wrong_labels is None:
        err.print("Without --model nothing is said of wrong labels and gaps.")
    else:
        _print_wrong(found)
        _print_gaps(found)
    if found.low_quality:
        table = _table("Images of low quality", ["image", "reasons"])
        for image in found.low_quality[:_PRINTED]:
            table.add_row(_name(found, image.image), ", ".join(image.reasons))
        _show(table, len(found.low_quality))
    if found.duplicates:
        table = _table("Copies", ["image", "copy", "kind"])
        for pair in found.duplicates[:_PRINTED]:
            kind = "exact" if pair.exact else "mirrored" if pair.mirrored else "near"
            table.add_row(_name(found, pair.first), _name(found, pair.second), kind)
        _show(table, len(found.duplicates))
    for part in found.counts:
        missing = [
            f"{found.schema.names[a]} {found.schema.attributes[a].classes[label]}"
            for a, label in found.absent(part)
        ]
        if missing:
            out.print(f"Absent from {part}: {', '.join(missing)}", markup=False)
    shifted = [shift.what for shift in found.shift if shift.shifted]
    if found.shift:
        out.print(f"Parts differ in: {', '.join(shifted) or 'nothing'}", markup=False)


def _print_wrong(found: AuditFindings) -> None:
    ranked = found.wrong_labels
    assert ranked is not None, "it is printed where there are predictions"
    table = _table("Labels that are likely wrong", ["image", "output", "label", "suggested", "p"])
    flagged = ranked.flagged.nonzero()[0]
    for row in flagged[:_PRINTED].tolist():
        attribute = found.schema.attributes[ranked.attribute[row]]
        table.add_row(
            _name(found, int(ranked.image[row])),
            escape(attribute.name[:_LABEL]),
            escape(attribute.classes[ranked.given[row]][:_LABEL]),
            escape(attribute.classes[ranked.suggested[row]][:_LABEL]),
            figure(float(ranked.confidence[row]), ".2f"),
        )
    _show(table, len(flagged))


def _print_gaps(found: AuditFindings) -> None:
    ranked = found.gaps
    assert ranked is not None, "it is printed where there are predictions"
    table = _table("Gaps worth filling", ["image", "output", "perhaps", "p"])
    worth = ranked.value.nonzero()[0]
    for row in worth[:_PRINTED].tolist():
        attribute = found.schema.attributes[ranked.attribute[row]]
        table.add_row(
            _name(found, int(ranked.image[row])),
            escape(attribute.name[:_LABEL]),
            escape(attribute.classes[ranked.likely[row]][:_LABEL]),
            figure(float(ranked.probability[row]), ".2f"),
        )
    _show(table, len(worth))


def _table(title: str, columns: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    for column in columns:
        table.add_column(column, justify="right" if column == "p" else "left", no_wrap=True)
    return table


def _show(table: Table, n: int) -> None:
    out.print(table)
    out.print(f"and {n - _PRINTED} more\n" if n > _PRINTED else "")


def _name(found: AuditFindings, image: int) -> str:
    """The file, its end where it is long: names of one camera begin alike."""
    part, name = found.parts.place(image)
    text = name if part == "train" else f"{name} (test)"
    return escape(text if len(text) <= _NAME else "…" + text[1 - _NAME :])
