"""Step 6, predict: answers for new images, heat maps, ONNX files."""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
