from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from lacunar.errors import InputError
from lacunar.files.tables import STDOUT, SUFFIXES, table_suffix, writing_table

ROWS = pa.table({
    "user_id": ["a", 'say "b", c', "über\nline", None], "rank": [1, 2, 3, 4],
    "score": [0.1, 1e-9, 3.0, 2.5],
})  # fmt: skip


def write(path: Path, *tables: pa.Table) -> None:
    with writing_table(path, ROWS.schema) as write_rows:
        for table in tables:
            write_rows(table)


def read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return parquet.read_table(path).to_pylist()
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return [
            {
                "user_id": row["user_id"] or None,
                "rank": int(row["rank"]),
                "score": float(row["score"]),
            }
            for row in csv.DictReader(io.StringIO(text))
        ]
    return json.loads(text) if path.suffix == ".json" else [*map(json.loads, text.splitlines())]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_in_parts_is_read_whole(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a{suffix}", ROWS.slice(0, 1), ROWS.slice(1))
    assert read(tmp_path / f"a{suffix}") == ROWS.to_pylist()
    write(tmp_path / f"b{suffix}")
    assert read(tmp_path / f"b{suffix}") == []


def test_a_dash_is_csv_on_stdout(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write(STDOUT, ROWS.slice(0, 1))
    assert capsysbinary.readouterr().out == b"user_id,rank,score\na,1,0.1\n"


def test_another_suffix_is_one_sentence_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a"):
        with pytest.raises(InputError, match=r"expected a file ending in \.csv, \.json, \.jsonl"):
            table_suffix(tmp_path / name)
    with pytest.raises(RuntimeError), writing_table(tmp_path / "a.csv", ROWS.schema):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
