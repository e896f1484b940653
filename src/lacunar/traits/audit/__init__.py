"""Step 8, audit: label errors, missing labels, bad images, duplicates, shift."""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
