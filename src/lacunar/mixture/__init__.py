"""Gaussian mixtures for rows with gaps and noise, fitted by EM.

All restarts advance together, as matrix products. Names are imported on first use.
"""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
