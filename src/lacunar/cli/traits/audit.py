"""``lacunar traits audit`` and ``correct``: finding and correcting errors in a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

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
from lacunar.cli.traits.arguments import CacheOption, SchemaOption
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.audit.findings import AuditFindings

# Rows printed of each kind; the HTML report shows more.
_PRINTED = 10
# Longer names and classes would make a table wider than 80 columns.
_NAME, _LABEL = 26, 14


def audit(
    data: Annotated[Path, typer.Argument(help="Directory of labelled images, or a CSV file.")],
    model: Annotated[
        Path | None,
        typer.Option(
            help="Model fitted to these data with folds: finds wrong labels, ranks missing ones."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", help="HTML report to write.")
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(help="CSV file to write: doubtful and missing labels, for you to fill in."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="Most images in each section of the report.")
    ] = 30,
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe", help="Quote cells that a spreadsheet would run as a formula."
        ),
    ] = False,
    schema: SchemaOption = None,
    cache_dir: CacheOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the permutation tests.")] = 0,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Find wrong labels, bad images, copies, and missing labels most worth filling.

    Review each finding: your data is not changed. Wrong and missing labels need a model.
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
    probabilities = test_probabilities = None
    if loaded is not None:
        probabilities, test_probabilities = unseen_probabilities(
            loaded, train, test, cache_dir=cache_dir
        )
    with progress() as report:
        findings = audit_images(
            train,
            test,
            probabilities,
            test_probabilities=test_probabilities,
            progress=report,
            seed=seed,
        )
    if output is not None:
        from lacunar.report.traits.audit import audit_report

        write_text(output, audit_report(findings, top=top))
    if corrections is not None:
        write_text(corrections, write_corrections(findings, spreadsheet_safe=spreadsheet_safe))
    if is_stdout(output) or is_stdout(corrections):
        return
    if json:
        emit_json(audit_document(findings))
        return
    _print(findings)
    for path, what in ((output, "Report"), (corrections, "Correction sheet")):
        if path is not None:
            out.print(f"{what} written to {path}", soft_wrap=True)


def correct(
    data: Annotated[Path, typer.Argument(help="The audited data.")],
    corrections: Annotated[
        Path, typer.Argument(help="Correction sheet of `traits audit`, filled in.")
    ],
    output: Annotated[Path, typer.Option("-o", "--out", help="Label file to write.")],
    part: Annotated[
        str, typer.Option(help="Part whose label file is corrected: train or test.")
    ] = "train",
    schema: SchemaOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write a new label file with the corrections of a person.

    Everything else in the file stays the same. The column `corrected` contains a class, `unknown`,
    `suggested`, `wrong` or `right`; rows with an empty cell are skipped.
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
        raise InputError(f"expected {' or '.join(parts.datasets)}, got {part!r}", field="part")
    decided = read_corrections(corrections, parts)
    before = parts.datasets[chosen]
    after = apply_corrections(before, decided, chosen)
    write_text(output, relabelled_csv(before, after))
    changed = int((before.labels != after.labels).sum())
    left = sum(correction.part != chosen for correction in decided)
    if is_stdout(output):
        return
    if json:
        emit_json({
            "part": chosen, "decided": len(decided), "changed": changed, "other_part": left,
        })  # fmt: skip
        return
    out.print(f"{changed} labels changed in the {chosen} part.")
    if left:
        out.print(f"{left} decisions are for the other part: run the command again with --part.")
    out.print(f"Labels written to {output}", soft_wrap=True)


def _print(findings: AuditFindings) -> None:
    """Print the number of findings and the first findings of each kind."""
    across = f", {len(findings.across)} of them in both parts" if findings.shift else ""
    out.print(f"{len(findings.images)} images: {len(findings.low_quality)} of low quality,")
    out.print(f"{len(findings.duplicates)} pairs of copies{across}.\n")
    if findings.wrong_labels is None:
        err.print("Wrong and missing labels are not checked without --model.")
    else:
        _print_wrong(findings)
        _print_missing(findings)
    if findings.low_quality:
        table = _table("Images of low quality", ["image", "reasons"])
        for image in findings.low_quality[:_PRINTED]:
            table.add_row(_name(findings, image.image), ", ".join(image.reasons))
        _show(table, len(findings.low_quality))
    if findings.duplicates:
        table = _table("Copies", ["image", "copy", "kind"])
        for pair in findings.duplicates[:_PRINTED]:
            kind = "exact" if pair.exact else "mirrored" if pair.mirrored else "near"
            table.add_row(_name(findings, pair.first), _name(findings, pair.second), kind)
        _show(table, len(findings.duplicates))
    for part in findings.counts:
        missing = [
            f"{findings.schema.names[a]} {findings.schema.attributes[a].classes[label]}"
            for a, label in findings.absent(part)
        ]
        if missing:
            out.print(f"Missing in {part}: {', '.join(missing)}")
    shifted = [shift.what for shift in findings.shift if shift.shifted]
    if findings.shift:
        out.print(f"The parts differ in: {', '.join(shifted) or 'nothing'}")


def _print_wrong(findings: AuditFindings) -> None:
    ranked = findings.wrong_labels
    assert ranked is not None, "printed only with predictions"
    table = _table("Likely wrong labels", ["image", "attribute", "label", "suggested", "p"])
    flagged = ranked.flagged.nonzero()[0]
    for row in flagged[:_PRINTED].tolist():
        attribute = findings.schema.attributes[ranked.attribute[row]]
        table.add_row(
            _name(findings, int(ranked.image[row])),
            attribute.name[:_LABEL],
            attribute.classes[ranked.given[row]][:_LABEL],
            attribute.classes[ranked.suggested[row]][:_LABEL],
            figure(float(ranked.confidence[row]), ".2f"),
        )
    _show(table, len(flagged))


def _print_missing(findings: AuditFindings) -> None:
    ranked = findings.gaps
    assert ranked is not None, "printed only with predictions"
    table = _table("Missing labels worth filling", ["image", "attribute", "likely", "p"])
    worth = ranked.value.nonzero()[0]
    for row in worth[:_PRINTED].tolist():
        attribute = findings.schema.attributes[ranked.attribute[row]]
        table.add_row(
            _name(findings, int(ranked.image[row])),
            attribute.name[:_LABEL],
            attribute.classes[ranked.likely[row]][:_LABEL],
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


def _name(findings: AuditFindings, image: int) -> str:
    """The file name; of a long one its end, because names of one camera begin the same."""
    part, name = findings.images.place(image)
    text = name if part == "train" else f"{name} (test)"
    return text if len(text) <= _NAME else "…" + text[1 - _NAME :]
