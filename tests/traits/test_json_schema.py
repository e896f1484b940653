from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from lacunar.traits import json_schema
from lacunar.traits.json_schema import ConfidenceFigures, FitDocument, Measure, PredictionsDocument
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.to_json import predictions_document
from lacunar.traits.to_json import fit_document


def check(document: Any, kind: Any) -> None:
    """Hold a document against its type, both ways: nothing is missing and nothing is unknown."""
    found = json.loads(json.dumps(document, allow_nan=False))
    again = TypeAdapter(kind).validate_python(found)
    # pydantic drops keys that a type does not have.
    assert again == found


def test_the_document_of_a_fit_is_what_its_type_says(
    people_model: TraitsModel, folded_model: TraitsModel
) -> None:
    for model in (people_model, folded_model):
        check(fit_document(model), FitDocument)


@pytest.mark.parametrize("everything", [False, True])
def test_the_document_of_predictions_is_what_its_type_says(
    people_model: TraitsModel, everything: bool
) -> None:
    schema = people_model.schema
    found = [np.full((2, len(one.classes)), 1 / len(one.classes)) for one in schema.attributes]
    told = predictions_document(schema, ["a", "b"], found, all_probabilities=everything)
    check({**told, "broken": [{"image": "c", "reason": "torn"}]}, PredictionsDocument)


def test_a_document_of_another_kind_is_refused(people_model: TraitsModel) -> None:
    document = fit_document(people_model)
    with pytest.raises(ValidationError, match="kept_epoch"):
        TypeAdapter(FitDocument).validate_python({**document, "kept_epoch": "the last"})


def test_measures_are_those_of_the_figures() -> None:
    assert get_args(Measure) == tuple(get_type_hints(ConfidenceFigures))


def test_every_document_has_a_word_on_what_it_is() -> None:
    kinds = [one for one in vars(json_schema).values() if is_typeddict(one)]
    assert kinds
    assert all(kind.__doc__ for kind in kinds)
