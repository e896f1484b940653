"""Learn people's tastes and traits from data full of gaps."""

__version__ = "0.1.0"
