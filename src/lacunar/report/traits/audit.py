"""The report on an audit of labelled images."""

from __future__ import annotations

import numpy as np

from lacunar.report.page import Heading, render_page
from lacunar.report.tables import Table, count, percent, ratio, table
from lacunar.report.traits.audit_sheets import copies, gaps, low_quality, wrong_labels
from lacunar.report.traits.labels import labels_of_parts
from lacunar.report.traits.words import anchor, of_split, spoken
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.data.schema import UNKNOWN

Context = dict[str, object]

# Images per section; this keeps the page under 2 MB.
_MOST = 30


def audit_report(findings: AuditFindings, *, top: int = _MOST) -> str:
    """Return the report on an audit as a single HTML file.

    Parameters
    ----------
    findings : AuditFindings
        Image files are read again; the page includes those shown.
    top : int
        Maximum number of images per section.

    Raises
    ------
    InputError
        If an image cannot be read.
    """
    parts = findings.images
    return render_page(
        "traits_audit.html",
        title="Audit",
        lead=f"{count(len(parts))} images with {len(findings.schema.names)} labels each: which "
        "labels are likely wrong, which images are bad, which gaps are worth filling.",
        contents=_contents(findings),
        summary=_summary(findings),
        wrong=None
        if findings.wrong_labels is None
        else wrong_labels(findings, findings.wrong_labels, top),
        quality=low_quality(findings, top),
        copies=copies(findings, top),
        gaps=None if findings.gaps is None else gaps(findings, findings.gaps, top),
        labels=labels_of_parts(findings),
        absent=_absent(findings),
        shift=_shift(findings),
    )


def _contents(findings: AuditFindings) -> tuple[Heading, ...]:
    per_output = tuple(
        Heading(anchor("labels", i), spoken(name)) for i, name in enumerate(findings.schema.names)
    )
    shift = (Heading("shift", "Training and test images"),) if findings.shift else ()
    return (
        Heading("summary", "Summary"),
        Heading("wrong", "Labels that are likely wrong"),
        Heading("quality", "Images of low quality"),
        Heading("copies", "Copies"),
        Heading("gaps", "Gaps worth filling"),
        Heading("labels", "Labels", per_output),
        *shift,
    )


def _summary(findings: AuditFindings) -> Context:
    labels = findings.images.labels
    ranked, ranked_gaps = findings.wrong_labels, findings.gaps
    unknown = int(np.count_nonzero(labels == UNKNOWN))
    return {
        "figures": [
            *(
                (count(len(dataset)), f"{of_split(part)} images")
                for part, dataset in findings.images.datasets.items()
            ),
            (percent(unknown / labels.size), f"of labels unknown, {count(unknown)}"),
            *(
                []
                if ranked is None
                else [(count(int(ranked.flagged.sum())), "labels flagged as likely wrong")]
            ),
            (count(len(findings.low_quality)), "images of low quality"),
            (count(len(findings.duplicates)), "pairs of copies"),
            *(
                [(count(len(findings.across)), "of them across the parts")]
                if findings.shift
                else []
            ),
        ],
        "predictions": ranked is not None,
        "known": count(len(ranked)) if ranked is not None else "",
        "gaps": count(len(ranked_gaps)) if ranked_gaps is not None else "",
    }


def _absent(findings: AuditFindings) -> Table:
    rows = []
    for position, attribute in enumerate(findings.schema.attributes):
        for part, counts in findings.counts.items():
            classes = counts[position][1:]
            missing = [attribute.classes[label] for label in np.flatnonzero(classes == 0)]
            present = classes[classes > 0]
            rows.append(
                (
                    spoken(attribute.name),
                    of_split(part),
                    f"{present.max() / present.min():.1f}" if len(present) else "none",
                    ", ".join(missing) or "none",
                )
            )
    return table(
        "Imbalance, and classes without any label",
        ["Output", "Images", "Largest to smallest class", "Absent"],
        rows,
        text_columns=(1, 3),
    )


def _shift(findings: AuditFindings) -> Context | None:
    if not findings.shift:
        return None
    shifted = [spoken(shift.what) for shift in findings.shift if shift.shifted]
    return {
        "shifted": ", ".join(shifted),
        "table": table(
            "Comparisons of the two parts",
            ["What", "Distance", "p", "p, corrected", "Shift"],
            [
                (
                    spoken(shift.what),
                    ratio(shift.distance),
                    _p(shift.p),
                    _p(shift.adjusted),
                    "yes" if shift.shifted else "no",
                )
                for shift in findings.shift
            ],
        ),
    }


def _p(value: float) -> str:
    return "<0.001" if value < 0.0005 else f"{value:.3f}"
