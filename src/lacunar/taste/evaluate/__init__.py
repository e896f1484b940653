"""Step 5, compare: held-out ratings, metrics, intervals, methods side by side."""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
