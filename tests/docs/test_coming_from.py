"""The page for users of other libraries: what its tables say of Lacunar is in code that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/coming-from.md").read_text(encoding="utf-8")
CODE = "".join(re.findall(r"^```python$(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
ROWS = [row.split(" | ") for row in PAGE.splitlines() if row.startswith("| ") and "`" in row]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].removeprefix("| "))
def test_code_in_the_last_column_is_in_a_block_of_the_page(row: list[str]) -> None:
    assert len(row) == 3
    for code in re.findall(r"`([^`]+)`", row[2]):
        start, *_ = code.split("...")
        assert start in CODE or code in {"X", "prior_rows"}, code
