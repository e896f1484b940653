"""Learn people's tastes and traits from data full of gaps.

These names are the public interface, with the packages :mod:`lacunar.mixture`,
:mod:`lacunar.taste.recommend`, :mod:`lacunar.taste.evaluate`, :mod:`lacunar.traits.confidence`,
:mod:`lacunar.traits.audit`, :mod:`lacunar.traits.predict`, :mod:`lacunar.report` and
:mod:`lacunar.datasets`. Everything else is internal and may change. A name is imported on first
use: ``import lacunar`` loads no numerical library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names
from lacunar.version import __version__ as __version__

if TYPE_CHECKING:
    from lacunar.errors import InputError
    from lacunar.mixture.estimator import GaussianMixture
    from lacunar.store.taste import load_taste, save_taste
    from lacunar.store.traits import load_traits, save_traits
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.data.ratings import Ratings
    from lacunar.taste.data.reading import read_ratings
    from lacunar.taste.evaluate.runner import evaluate_recommenders
    from lacunar.taste.fit import fit_taste
    from lacunar.taste.model import TasteModel
    from lacunar.taste.segments.placement_files import place_users
    from lacunar.traits.audit.findings import audit_images
    from lacunar.traits.config import TraitsConfig
    from lacunar.traits.data.dataset import LabelledImages, read_dataset
    from lacunar.traits.data.schema import Attribute, Schema, read_schema
    from lacunar.traits.fit import fit_traits
    from lacunar.traits.model import TraitsModel, evaluate_traits
    from lacunar.traits.predict.image_files import predict_files

__all__ = [
    "Attribute",
    "GaussianMixture",
    "InputError",
    "LabelledImages",
    "RatingScale",
    "Ratings",
    "Schema",
    "TasteConfig",
    "TasteModel",
    "TraitsConfig",
    "TraitsModel",
    "audit_images",
    "evaluate_recommenders",
    "evaluate_traits",
    "fit_taste",
    "fit_traits",
    "load_taste",
    "load_traits",
    "place_users",
    "predict_files",
    "read_dataset",
    "read_ratings",
    "read_schema",
    "save_taste",
    "save_traits",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "InputError": "lacunar.errors",
        "Ratings": "lacunar.taste.data.ratings",
        "RatingScale": "lacunar.taste.data.rating_scale",
        "read_ratings": "lacunar.taste.data.reading",
        "TasteConfig": "lacunar.taste.config",
        "TasteModel": "lacunar.taste.model",
        "fit_taste": "lacunar.taste.fit",
        "save_taste": "lacunar.store.taste",
        "load_taste": "lacunar.store.taste",
        "place_users": "lacunar.taste.segments.placement_files",
        "evaluate_recommenders": "lacunar.taste.evaluate.runner",
        "Attribute": "lacunar.traits.data.schema",
        "Schema": "lacunar.traits.data.schema",
        "read_schema": "lacunar.traits.data.schema",
        "LabelledImages": "lacunar.traits.data.dataset",
        "read_dataset": "lacunar.traits.data.dataset",
        "TraitsConfig": "lacunar.traits.config",
        "TraitsModel": "lacunar.traits.model",
        "fit_traits": "lacunar.traits.fit",
        "evaluate_traits": "lacunar.traits.model",
        "predict_files": "lacunar.traits.predict.image_files",
        "audit_images": "lacunar.traits.audit.findings",
        "save_traits": "lacunar.store.traits",
        "load_traits": "lacunar.store.traits",
        "GaussianMixture": "lacunar.mixture.estimator",
    },
)
