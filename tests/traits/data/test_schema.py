from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.traits.data.schema import PEOPLE, Attribute, Schema, is_inside, read_schema

COAT: dict[str, Any] = {"name": "coat", "classes": ["open", "closed"]}

TOML = """
image_column = "file"
group_column = "person"
images = "photos"
maps = "maps"
parts = ["sleeve"]
related = [["hat", "coat"]]

[[attributes]]
name = "coat"
classes = ["open", "closed", "none"]

[[attributes]]
name = "hat"
column = "hat_on"
classes = ["off", "on"]
"""


def test_a_toml_file_gives_the_whole_schema(tmp_path: Path) -> None:
    path = tmp_path / "schema.toml"
    path.write_text(TOML)
    assert read_schema(path) == Schema(
        attributes=(
            Attribute("coat", ("open", "closed", "none"), "coat"),
            Attribute("hat", ("off", "on"), "hat_on"),
        ),
        image_column="file",
        group_column="person",
        images="photos",
        related=(("hat", "coat"),),
    )


def test_a_toml_file_may_have_a_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "schema.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TOML.replace("\n", "\r\n").encode())
    assert read_schema(path).columns == ("file", "coat", "hat_on", "person")


def test_the_built_in_schema_is_that_of_the_source_report() -> None:
    assert PEOPLE.columns == (
        "filename", "gender", "tortyp", "torcol", "legtyp", "legcol", "luggage",
    )  # fmt: skip
    names = [attribute.name for attribute in PEOPLE.attributes]
    assert names == [
        "gender", "torso_type", "torso_colour", "leg_type", "leg_colour", "luggage",
    ]  # fmt: skip
    assert [len(attribute.classes) for attribute in PEOPLE.attributes] == [2, 2, 11, 2, 11, 2]
    assert PEOPLE.attributes[2].classes[4] == "grey"
    assert PEOPLE.related == (("torso_type", "torso_colour"), ("leg_type", "leg_colour"))


words = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=6).filter(
    lambda word: word.lower() not in {"nan", "inf", "infinity"}
)
attributes = st.builds(
    Attribute, words, st.lists(words, min_size=2, max_size=12, unique=True).map(tuple)
)
schemas = st.builds(
    Schema,
    st.lists(attributes, min_size=1, max_size=5, unique_by=lambda each: each.name).map(tuple),
    image_column=st.just("the file"),
    group_column=st.none() | st.just("the group"),
)


@given(schemas)
def test_a_schema_survives_json(schema: Schema) -> None:
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_keys_of_earlier_versions_are_ignored_and_written_back() -> None:
    """Fingerprints and saved models contain them, and must not change."""
    document = PEOPLE.to_dict()
    assert list(document) == [
        "attributes", "image_column", "group_column", "images", "maps", "parts", "related",
    ]  # fmt: skip
    assert (document["maps"], len(document["parts"])) == ("Binary_Maps", 8)
    old = {"attributes": [COAT], "image_column": "file", "maps": "/maps", "parts": ["hem", "hem"]}
    schema = Schema.from_dict(old)
    assert schema == Schema.from_dict({"attributes": [COAT], "image_column": "file"})
    assert (schema.to_dict()["maps"], schema.to_dict()["parts"]) == ("/maps", ["hem", "hem"])


def test_the_name_of_a_class_may_be_its_index() -> None:
    assert Attribute("bags", ("0", "1", "many")).classes == ("0", "1", "many")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"attributes": []}, "expected at least one attribute, got none"),
        ({"attributes": [COAT, COAT]}, "attribute: expected each name once, got 'coat' twice"),
        (
            {"attributes": [COAT, COAT | {"name": "c", "column": "coat"}]},
            "column: expected each name once, got 'coat' twice",
        ),
        ({"image_column": "coat"}, "column: expected each name once, got 'coat' twice"),
        ({"group_column": "file"}, "column: expected each name once, got 'file' twice"),
        (
            {"attributes": [COAT | {"classes": ["open", "open"]}]},
            "attribute 'coat', class: expected each name once, got 'open' twice",
        ),
        (
            {"attributes": [COAT | {"classes": ["open"]}]},
            "attribute 'coat': expected at least 2 classes, got 1",
        ),
        (
            {"attributes": [COAT | {"classes": ["1", "0"]}]},
            "attribute 'coat': expected class 0 to be called 0 or a word, got the number '1'",
        ),
        (
            {"attributes": [COAT | {"classes": ["open", "-1"]}]},
            "attribute 'coat': expected class 1 to be called 1 or a word, got the number '-1'",
        ),
        (
            {"attributes": [COAT | {"classes": ["open", " "]}]},
            "attribute 'coat', class: expected a name without spaces around it, got ' '",
        ),
        (
            {"attributes": [COAT | {"name": ""}]},
            "attribute: expected a name without spaces around it, got ''",
        ),
        ({"images": "../photos"}, "expected a folder next to the CSV file, got '../photos'"),
        ({"related": [["coat", "hat"]]}, "related: expected one of coat, got 'hat'"),
        (
            {"related": [["coat"], ["coat"]]},
            "related attribute: expected each name once, got 'coat' twice",
        ),
        ({"image_column": None}, "image_column: input should be a valid string, got None"),
        ({"colour": "red"}, "expected no key colour: a schema has no such key"),
        (
            {"attributes": [{"name": "coat"}]},
            "expected a value for attributes.0.classes, got none",
        ),
        (
            {"attributes": [COAT | {"classes": ["open", 1]}]},
            "attributes.0.classes.1: input should be a valid string, got 1",
        ),
    ],
)
def test_an_invalid_schema_gets_one_sentence(change: dict[str, Any], sentence: str) -> None:
    document = {"attributes": [COAT], "image_column": "file"} | change
    with pytest.raises(InputError) as caught:
        Schema.from_dict(document)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'image_column = "file', "expected a schema in TOML, got: "),
        (b"\xff\xfe", "expected a schema in TOML, got: "),
        (b'image_column = "file"', "expected a value for attributes, got none"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "schema.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_schema(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"schema.toml: expected a readable file, got: No such"):
        read_schema(tmp_path / "schema.toml")


@pytest.mark.parametrize("path", ["a.png", "./a/b.png", "a..b.png", "...", "a b/ç.png"])
def test_paths_further_down_are_inside(path: str) -> None:
    assert is_inside(path)


@pytest.mark.parametrize("path", ["..", "../a", "a/../../b", "a/..", "/", "/a.png", "//a/b"])
def test_paths_that_lead_up_or_elsewhere_are_not(path: str) -> None:
    assert not is_inside(path)
