"""Step 7, predict: answers for new images, heat maps, ONNX files.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.traits.data.class_balance import balanced_answers
    from lacunar.traits.data.image_sources import ImageFile, find_images
    from lacunar.traits.predict.explainer import explain_files
    from lacunar.traits.predict.image_files import predict_files
    from lacunar.traits.predict.onnx_predictor import OnnxTraits

__all__ = [
    "ImageFile",
    "OnnxTraits",
    "balanced_answers",
    "explain_files",
    "find_images",
    "predict_files",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "predict_files": "lacunar.traits.predict.image_files",
        "explain_files": "lacunar.traits.predict.explainer",
        "OnnxTraits": "lacunar.traits.predict.onnx_predictor",
        "ImageFile": "lacunar.traits.data.image_sources",
        "find_images": "lacunar.traits.data.image_sources",
        "balanced_answers": "lacunar.traits.data.class_balance",
    },
)
