"""Reports as single HTML files, with SVG figures and tables of their numbers."""

from lacunar.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
