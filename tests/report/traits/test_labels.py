from __future__ import annotations

import re

from lacunar.report.traits.labels import labels_of_parts
from lacunar.traits.model import TraitsModel


def test_every_class_of_every_part_is_counted_and_shared_out(people_model: TraitsModel) -> None:
    found = labels_of_parts(people_model)
    assert [context["name"] for context in found] == [
        name.replace("_", " ") for name in people_model.schema.names
    ]
    for position, context in enumerate(found):
        table = context["table"]
        assert list(table.columns) == ["Class", "Training", "Validation", "Test"]
        classes = people_model.schema.attributes[position].classes
        assert [row[0] for row in table.rows] == ["unknown", *classes]
        for part, column in (("train", 1), ("validation", 2), ("test", 3)):
            counts = people_model.counts[part][position]
            cells = [re.findall(r"[\d,]+", str(row[column])) for row in table.rows]
            assert [int(number) for number, _ in cells] == counts.tolist()
            shares = [int(share) for _, share in cells]
            assert shares == [round(100 * n / counts.sum()) for n in counts.tolist()]


def test_gaps_are_told_part_by_part(people_model: TraitsModel) -> None:
    context = labels_of_parts(people_model)[4]
    unknown = {part: int(counts[4][0]) for part, counts in people_model.counts.items()}
    total = {part: int(counts[4].sum()) for part, counts in people_model.counts.items()}
    assert context["unknown"] == ", ".join(
        f"{unknown[part]} of {total[part]} {word}"
        for part, word in (("train", "training"), ("validation", "validation"), ("test", "test"))
    )
