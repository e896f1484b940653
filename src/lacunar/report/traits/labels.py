"""Section of the traits report on labels: class counts and unknown labels by split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lacunar.report.figures import label_bars
from lacunar.report.tables import count, percent_of, table
from lacunar.report.traits.words import anchor, of_split, spoken
from lacunar.traits.data.label_counts import LabelCounts
from lacunar.traits.data.schema import Schema

Context = dict[str, object]


class Counted(Protocol):
    """A model or an audit with label counts by split."""

    @property
    def schema(self) -> Schema: ...

    @property
    def counts(self) -> Mapping[Any, LabelCounts]: ...


def labels_of_parts(counted: Counted) -> list[Context]:
    """Counts of the classes and of unknown labels by split, for each output."""
    return [_output(counted, position) for position in range(len(counted.schema.attributes))]


def _output(counted: Counted, position: int) -> Context:
    attribute = counted.schema.attributes[position]
    name, rows = spoken(attribute.name), ("unknown", *attribute.classes)
    counts = {of_split(part): found[position].tolist() for part, found in counted.counts.items()}
    cells = [
        (label, *(f"{count(n[row])} ({percent_of(n[row], sum(n))})" for n in counts.values()))
        for row, label in enumerate(rows)
    ]
    unknown = [f"{count(found[0])} of {count(sum(found))} {part}" for part, found in counts.items()]
    return {
        "anchor": anchor("labels", position),
        "name": name,
        "unknown": ", ".join(unknown),
        "figure": label_bars(name, rows, counts),
        "table": table(f"Labels of {name}", ["Class", *map(str.capitalize, counts)], cells),
    }
