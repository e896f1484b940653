"""Learn people's tastes and traits from data full of gaps.

These names are the public interface, with the packages :mod:`lacunar.mixture`,
:mod:`lacunar.taste.recommend`, :mod:`lacunar.taste.evaluate`, :mod:`lacunar.traits.confidence`,
:mod:`lacunar.traits.audit`, :mod:`lacunar.traits.predict`, :mod:`lacunar.report` and
:mod:`lacunar.datasets`. Everything else is internal and may change. A name is imported on first
use: ``import lacunar`` loads no numerical library.
"""

import logging

from lacunar.lazy import lazy_names
from lacunar.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)

# Quiet unless the program that uses the package sets up logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())
