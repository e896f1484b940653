"""API of a traits model: its attributes, its scores, and predictions for images."""

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
    """An attribute that the model predicts."""

    name: str
    classes: list[str]
    threshold: float | None


class AttributesDocument(TypedDict):
    """Attributes of a model, and its fit: null for an ONNX file, which holds no record of it."""

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
# `read_upload` reads the body in memory; FastAPI would write large files to a disk.
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
    summary="Attributes of the model and its scores",
    response_model=AttributesDocument,
)
async def attributes(state: State, traits: WithTraits) -> AttributesDocument:
    """Attributes with their classes, and the document of the fit.

    An answer below its `threshold` abstains; if the threshold is null, all abstain.
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
    summary="Predictions for posted images",
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
        bool, Query(description="Include the probability of every class.")
    ] = False,
) -> PredictionsDocument:
    """The document of `lacunar traits predict --json` for the files of the field `images`.

    Images that cannot be read are listed under `broken`; if no image can be read, the request is
    refused. No image is kept.
    """
    upload = await read_upload(request, state.settings)
    if not upload.images:
        raise Refusal(
            422, "No image", f"expected one file or more in the field {FIELD!r}, got none"
        )
    document = await state.pool.run(
        traits.predict, upload.images, all_probabilities=all_probabilities
    )
    if not document["predictions"]:
        raise InputError(document["broken"][0]["reason"])
    return document


router.include_router(audit.router)
