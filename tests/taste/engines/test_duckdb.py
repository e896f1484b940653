from __future__ import annotations

import pyarrow as pa

from lacunar.taste.engines import duckdb


def test_tables_are_found_by_name_and_joined() -> None:
    left, right = pa.table({"k": [1, 2], "x": [3.0, 4.0]}), pa.table({"k": [2], "y": ["b"]})
    sql = "SELECT a.x AS x, b.y AS y FROM a JOIN b ON a.k = b.k"
    assert duckdb.run(sql, {"a": left, "b": right}).to_pylist() == [{"x": 4.0, "y": "b"}]
