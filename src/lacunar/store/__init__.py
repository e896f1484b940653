"""Saved models: writing and reading of model directories.

Names are imported on first use, so that a command of one application does not load the libraries
of the other.
"""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
