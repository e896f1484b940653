from __future__ import annotations

from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from lacunar.taste.json_schema import (
    FilmsDocument,
    RecommendationsDocument,
    SegmentsDocument,
    UserDocument,
)
from lacunar.taste.model import TasteModel
from lacunar.taste.to_json import (
    describe_films,
    describe_recommendations,
    describe_segments,
    describe_user,
)


def documents(model: TasteModel) -> list[tuple[Any, Any]]:
    return [
        (SegmentsDocument, describe_segments(model)),
        (UserDocument, describe_user(model, 3)),
        (RecommendationsDocument, describe_recommendations(model, 3, 4)),
        (RecommendationsDocument, describe_recommendations(model, {}, 4, by="popularity")),
        (FilmsDocument, describe_films(model, "the", 5)),
    ]


def test_every_document_has_the_keys_of_its_shape_in_order(sample_model: TasteModel) -> None:
    for shape, document in documents(sample_model):
        assert list(document) == list(shape.__annotations__)


def test_validation_takes_documents_as_they_are(sample_model: TasteModel) -> None:
    for shape, document in documents(sample_model):
        assert TypeAdapter(shape).validate_python(document, strict=True) == document
        strict = TypeAdapter(with_config(ConfigDict(extra="forbid"))(shape))
        assert strict.validate_python(document) == document


def test_a_probability_above_one_is_no_document(sample_model: TasteModel) -> None:
    document = describe_recommendations(sample_model, 3, 1)
    with pytest.raises(ValidationError, match="probability"):
        TypeAdapter(RecommendationsDocument).validate_python({**document, "probability": 1.5})
