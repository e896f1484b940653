"""What programs ask of a traits model: its attributes and figures, and answers for images."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from typing_extensions import TypedDict

from lacunar.errors import InputError
from lacunar.traits.json_schema import FitDocument, PredictionsDocument
from lacunar.traits.to_json import fit_document
from lacunar.web.api import audit
from lacunar.web.problems import Refusal
from lacunar.web.state import State, WithTraits
from lacunar.web.traits_service import MOST_IMAGES
from lacunar.web.uploads import FIELD, read_upload

router = APIRouter(prefix="/api/v1", tags=["traits"])


class AttributeDocument(TypedDict):
    """One thing that is told of an image."""

    name: str
    classes: list[str]
    threshold: float | None


class AttributesDocument(TypedDict):
    """What a model tells, and how it was fitted: null for an ONNX file, which does not know."""

    model: str
    attributes: list[AttributeDocument]
    fit: FitDocument | None


_EXAMPLE = {
    "predictions": [
        {
            "image": "a.png",
            "attributes": {"coat": {"label": "closed", "probability": 0.81, "abstain": False}},
        }
    ],
    "broken": [
        {
            "image": "b.txt",
            "reason": "b.txt: expected a JPEG, PNG, WEBP or BMP image, got another kind of file"
            " or a broken one",
        }
    ],
}
# The body is read by hand, so that no file of it ever reaches a disk.
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "minItems": 1,
                            "maxItems": MOST_IMAGES,
                            "description": "JPEG, PNG, WEBP or BMP files.",
                        }
                    },
                }
            }
        },
    }
}


@router.get(
    "/attributes",
    summary="What the model tells, and how well",
    response_model=AttributesDocument,
)
async def attributes(state: State, traits: WithTraits) -> AttributesDocument:
    """Attributes with their classes, and the document of the fit.

    An answer abstains below its ``threshold``; always, where that is null.
    """
    model = traits.model
    return {
        "model": traits.name,
        "attributes": [
            {"name": one.name, "classes": list(one.classes), "threshold": threshold}
            for one, threshold in zip(
                traits.schema.attributes, traits.predictor.thresholds, strict=True
            )
        ],
        "fit": None if model is None else await state.pool.run(fit_document, model),
    }


@router.post(
    "/predictions",
    summary="Answers for posted images",
    response_model=PredictionsDocument,
    response_model_exclude_unset=True,
    responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}},
    openapi_extra=_BODY,
)
async def predictions(
    request: Request,
    state: State,
    traits: WithTraits,
    all_probabilities: Annotated[
        bool, Query(description="Tell the probability of every class as well.")
    ] = False,
) -> PredictionsDocument:
    """The document of ``lacunar traits predict --json`` for the files of the field ``images``.

    Images that cannot be read are named under ``broken`` and the others answered; where none can
    be read, the request is refused. Nothing of them is kept.
    """
    upload = await read_upload(request, state.settings)
    if not upload.images:
        raise Refusal(
            422, "No image", f"expected one file or more in the field {FIELD!r}, got none"
        )
    found = await state.pool.run(traits.predict, upload.images, all_probabilities=all_probabilities)
    if not found["predictions"]:
        raise InputError(found["broken"][0]["reason"])
    return found


router.include_router(audit.router)
