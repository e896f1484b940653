"""Step 4, rank: histories to scores, lists and reasons, behind one protocol."""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
