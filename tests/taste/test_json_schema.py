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
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.to_json import (
    films_document,
    recommendations_document,
    segments_document,
    user_document,
)


def documents(model: TasteModel) -> list[tuple[Any, Any]]:
    return [
        (SegmentsDocument, segments_document(model)),
        (UserDocument, user_document(model, 3)),
        (RecommendationsDocument, recommendations_document(model, 3, ListRequest(k=4))),
        (
            RecommendationsDocument,
            recommendations_document(model, {}, ListRequest(k=4, by="popularity")),
        ),
        (FilmsDocument, films_document(model, "the", 5)),
    ]


def test_every_document_has_the_keys_of_its_shape_in_order(sample_model: TasteModel) -> None:
    for shape, document in documents(sample_model):
        assert list(document) == list(shape.__annotations__)


def test_validation_accepts_the_documents(sample_model: TasteModel) -> None:
    for shape, document in documents(sample_model):
        assert TypeAdapter(shape).validate_python(document, strict=True) == document
        strict = TypeAdapter(with_config(ConfigDict(extra="forbid"))(shape))
        assert strict.validate_python(document) == document


def test_a_probability_above_one_is_refused(sample_model: TasteModel) -> None:
    document = recommendations_document(sample_model, 3, ListRequest(k=1))
    with pytest.raises(ValidationError, match="probability"):
        TypeAdapter(RecommendationsDocument).validate_python({**document, "probability": 1.5})
