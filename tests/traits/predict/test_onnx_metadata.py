from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lacunar.errors import InputError
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.schema import Schema
from lacunar.traits.predict.onnx_metadata import FORMAT_VERSION, OnnxMetadata


@pytest.fixture
def metadata(coats: Schema) -> OnnxMetadata:
    shares = ClassShares(((0.7, 0.2, 0.1), (2 / 3, 1 / 3)), 0.5)
    return OnnxMetadata(coats, 40, 24, "pad", (0.8, None), "ab12", {"torch": "9.9"}, shares)


def test_text_comes_back_as_it_was(metadata: OnnxMetadata) -> None:
    assert OnnxMetadata.from_text(metadata.to_text()) == metadata


def test_a_file_need_not_tell_shares(metadata: OnnxMetadata) -> None:
    without = replace(metadata, shares=None)
    assert "lacunar.balance" not in without.to_text()
    assert OnnxMetadata.from_text(without.to_text()) == without


def test_an_image_that_fills_the_frame_has_no_padding(metadata: OnnxMetadata) -> None:
    stretched = replace(metadata, fit="stretch")
    prepared = json.loads(stretched.to_text()["lacunar.preprocessing"])
    assert prepared["fit"] == "stretch"
    assert "padding" not in prepared
    assert OnnxMetadata.from_text(stretched.to_text()) == stretched


def test_every_entry_is_json_or_a_sentence(metadata: OnnxMetadata) -> None:
    text = metadata.to_text()
    assert json.loads(text["lacunar.thresholds"]) == {"coat": 0.8, "hat": None}
    assert json.loads(text["lacunar.preprocessing"])["padding"] == 0
    assert json.loads(text["lacunar.balance"])["shares"]["coat"] == [0.7, 0.2, 0.1]
    assert "no decision about anybody" in text["lacunar.use"]
    assert list(text) == sorted(text)


BROKEN = {
    "newer": ("format_version", str(FORMAT_VERSION + 1), "a newer lacunar wrote this file"),
    "no version": ("format_version", "x", "expected complete metadata, got: invalid literal"),
    "no schema": ("schema", None, "expected complete metadata, got: no 'schema'"),
    "other schema": ("schema", "{}", "expected a value for attributes, got none"),
    "not JSON": ("schema", "{", "expected complete metadata, got: "),
    "not an object": ("frame", "3", "expected complete metadata, got: "),
    "frame": ("frame", '{"height": 0, "width": 2}', "a side of 0 pixels"),
    "threshold": ("thresholds", '{"coat": 2, "hat": null}', "a threshold of 2"),
    "no threshold": ("thresholds", '{"coat": 0.5}', "no 'hat'"),
    "no shares": ("balance", '{"tau": 0, "shares": {"coat": [0.7, 0.2, 0.1]}}', "no 'hat'"),
    "too few shares": (
        "balance",
        '{"tau": 0, "shares": {"coat": [0.7, 0.3], "hat": [0.5, 0.5]}}',
        "shares (0.7, 0.3) of the classes of coat",
    ),
    "a share of 0": (
        "balance",
        '{"tau": 0, "shares": {"coat": [0.7, 0.2, 0.1], "hat": [1, 0]}}',
        "shares (1.0, 0.0) of the classes of hat",
    ),
    "tau": (
        "balance",
        '{"tau": 3, "shares": {"coat": [0.7, 0.2, 0.1], "hat": [0.5, 0.5]}}',
        "a tau of 3.0",
    ),
    "preprocessing": (
        "preprocessing",
        '{"fit": "pad", "colour": "BGR"}',
        "a preprocessing of colour by 'BGR'",
    ),
}


@pytest.mark.parametrize(("key", "value", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_whole_is_refused_in_a_sentence(
    metadata: OnnxMetadata, key: str, value: str | None, message: str
) -> None:
    text = metadata.to_text()
    if value is None:
        del text[f"lacunar.{key}"]
    else:
        text[f"lacunar.{key}"] = value
    with pytest.raises(InputError) as error:
        OnnxMetadata.from_text(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_file_of_another_program_is_told_apart() -> None:
    with pytest.raises(InputError, match="written by 'lacunar traits export', got another"):
        OnnxMetadata.from_text({"author": "somebody"})
