"""Where the group-by of profiles runs. An engine runs one plain SQL text over named tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa


class Engine(Protocol):
    """Runs SQL over Arrow tables and returns an Arrow table."""

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table: ...
