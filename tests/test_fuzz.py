"""Files that mean harm, kept and made up: each is read or refused in one sentence."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.store import load_taste, load_traits
from lacunar.taste.data.reading import read_ratings

FUZZ = Path(__file__).parents[1] / "fuzz"
CORPUS = sorted(path for path in (FUZZ / "corpora").glob("*/*"))
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

spec = importlib.util.spec_from_file_location("targets", FUZZ / "targets.py")
assert spec is not None
assert spec.loader is not None
targets: ModuleType = importlib.util.module_from_spec(spec)
spec.loader.exec_module(targets)


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {path.parent.name for path in CORPUS} == set(targets.TARGETS)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_kept_file_is_read_or_refused_in_one_line(path: Path) -> None:
    targets.TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", ["schema", "labels", "image", "manifest", "store"])
@QUICK
@given(data=st.data())
def test_a_changed_file_is_read_or_refused_in_one_line(name: str, data: st.DataObject) -> None:
    kept = [path.read_bytes() for path in CORPUS if path.parent.name == name]
    targets.TARGETS[name](data.draw(mutated(kept)))


@settings(QUICK, max_examples=20)
@given(data=st.data())
def test_a_changed_log_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    kept = [path.read_bytes() for path in CORPUS if path.parent.name == "ratings"]
    targets.ratings(data.draw(mutated(kept)))


@st.composite
def mutated(draw: st.DrawFn, kept: list[bytes]) -> bytes:
    """A kept file in which a stretch is replaced by others, or bytes of any kind."""
    content = draw(st.sampled_from(kept))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    other = draw(
        st.binary(max_size=40) | st.sampled_from([b"\r\n", b'"', b"\0", b",", b"\xff", b"["])
    )
    return content[:start] + other * draw(st.sampled_from([1, 1, 1, 50])) + content[end:]


def places(document: Any, *, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of a document and of what is in it."""
    if isinstance(document, dict | list):
        entries = document.items() if isinstance(document, dict) else enumerate(document)
        for key, part in entries:
            yield (*at, key)
            yield from places(part, at=(*at, key))


MANIFESTS = {
    kind: json.loads((targets.MODELS / kind / "manifest.json").read_bytes())
    for kind in ("taste", "traits")
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = (
    LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(max_size=5), LEAVES, max_size=3)
)


@pytest.mark.parametrize(("kind", "load"), [("taste", load_taste), ("traits", load_traits)])
@settings(QUICK, max_examples=150)
@given(data=st.data())
def test_a_manifest_with_anything_in_place_of_a_part_is_read_or_refused(
    kind: str, load: Callable[[Path], object], data: st.DataObject
) -> None:
    document = json.loads(json.dumps(MANIFESTS[kind]))
    *path, last = data.draw(st.sampled_from(list(places(document))))
    part = document
    for key in path:
        part = part[key]
    part[last] = data.draw(JSON)
    files = {"manifest.json": json.dumps(document).encode()}
    with targets.changed_model(kind, files) as model, targets.refusing():
        load(model)


def test_huge_fields_are_refused(write_csv: Callable[..., Path]) -> None:
    directory = write_csv("x" * 10_000_000 + ",1,4.0,3")
    with pytest.raises(InputError, match=r"line 2: expected a well-formed row, got 'xxx") as caught:
        read_ratings(directory)
    assert len(str(caught.value)) < 500
    with pytest.raises(InputError) as caught:
        read_ratings(write_csv("1,1,4.0,3", movies="x" * 10_000_000 + ",title,genres\n"))
    assert len(str(caught.value)) < 500


def test_a_formula_is_an_id_like_any_other(write_csv: Callable[..., Path]) -> None:
    found = read_ratings(write_csv("=cmd|' /C calc'!A0,1,4.0,3"))
    assert found.users.to_pylist() == ["=cmd|' /C calc'!A0"]


def test_line_ends_of_two_kinds_are_refused_with_the_line(write_csv: Callable[..., Path]) -> None:
    directory = write_csv("1,1,4.0,3", "2,1,4.0,3\r", "3,1,4.0,3")
    with pytest.raises(
        InputError, match=r"ratings.csv, line 3: expected the line end .* of line 1"
    ):
        read_ratings(directory)


def test_a_table_that_claims_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["lacunar.store.directory"]
    monkeypatch.setattr(module, "_MAX_ROWS", 10)
    with pytest.raises(InputError, match=r"parquet: expected arrays or a table, got: \d+ rows"):
        load_taste(targets.MODELS / "taste")
