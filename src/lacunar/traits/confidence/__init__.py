"""Step 4, confidence: calibrated probabilities, and abstention."""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
