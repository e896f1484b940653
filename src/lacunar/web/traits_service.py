"""STUB, not to be merged: the traits owner's module replaces it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lacunar.traits.model import TraitsModel
from lacunar.traits.predictor import Predictor
from lacunar.traits.schema import Schema


@dataclass(frozen=True)
class TraitsService:
    """Stands in until the real one is there."""

    name: str
    predictor: Predictor
    model: TraitsModel | None = None
    explainer: Any = None
    audit: Any = None

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        data: Path | None = None,
        schema: Path | None = None,
        corrections: Path | None = None,
        cache_dir: Path | None = None,
        threads: int = 1,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> TraitsService:
        """Load a model."""
        del data, schema, corrections, cache_dir, progress
        from lacunar.store.traits import load_traits
        from lacunar.traits.onnx_model import OnnxTraits
        from lacunar.traits.torch_model import TorchTraits

        if path.suffix.lower() == ".onnx":
            return cls(path.name, OnnxTraits(path, threads=threads))
        model = load_traits(path)
        return cls(path.name, TorchTraits(model), model)

    @property
    def schema(self) -> Schema:
        """Attributes that are told."""
        return self.predictor.schema
