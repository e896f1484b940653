"""Colours of skin, hair, clothes and bags, and random draws from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from lacunar.datasets.people.canvas import Colour

T = TypeVar("T")

# Shades of each colour label; a colour includes mixtures of neighbouring shades.
SHADES: tuple[tuple[Colour, ...], ...] = (
    ((22, 22, 24), (38, 36, 38), (30, 30, 36)),
    ((38, 52, 110), (60, 92, 168), (120, 160, 214), (72, 92, 128)),
    ((92, 62, 40), (128, 92, 58), (176, 146, 104), (70, 50, 40)),
    ((44, 92, 52), (66, 138, 76), (104, 116, 58), (110, 178, 108)),
    ((112, 112, 116), (146, 146, 148), (86, 88, 92), (168, 168, 166)),
    ((222, 112, 32), (240, 140, 48), (206, 92, 36)),
    ((226, 122, 160), (240, 168, 188), (214, 86, 136)),
    ((104, 62, 142), (138, 96, 178), (168, 142, 202)),
    ((172, 30, 36), (206, 44, 44), (140, 26, 36)),
    ((232, 232, 230), (244, 242, 236), (222, 226, 232)),
    ((232, 204, 62), (242, 220, 104), (222, 186, 44)),
)
DENIM: tuple[Colour, ...] = ((52, 70, 112), (86, 110, 152), (44, 54, 84), (112, 138, 176))
SKIN: tuple[Colour, ...] = (
    (236, 198, 172), (222, 176, 144), (196, 146, 110), (150, 104, 74), (98, 66, 48)
)  # fmt: skip
HAIR: tuple[Colour, ...] = (
    (24, 20, 20), (44, 32, 26), (74, 50, 34), (112, 80, 50), (186, 150, 92), (150, 146, 142)
)  # fmt: skip
SHOES: tuple[Colour, ...] = (
    (26, 24, 24), (40, 34, 32), (86, 58, 40), (206, 204, 200), (120, 118, 120)
)  # fmt: skip
BAGS: tuple[Colour, ...] = (
    (28, 28, 30), (36, 40, 62), (84, 54, 34), (130, 40, 40), (70, 74, 72), (150, 110, 64),
    (60, 96, 72), (186, 184, 178),
)  # fmt: skip
SHOP_BAGS: tuple[Colour, ...] = ((232, 230, 226), (206, 168, 116), (200, 60, 60), (90, 140, 190))


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A uniform number; ``Generator.uniform`` may round differently, by a fused multiply-add."""
    return low + (high - low) * float(rng.random())


def one_of(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of the options, with equal probabilities."""
    return options[int(rng.integers(len(options)))]


def shade_of(label: int, rng: np.random.Generator) -> Colour:
    """A random shade of a colour label.

    Examples
    --------
    >>> red, green, blue = shade_of(8, np.random.default_rng(0))
    >>> red > 2 * max(green, blue)
    True
    """
    return mix(SHADES[label], rng, 5)


def mix(shades: Sequence[Colour], rng: np.random.Generator, jitter: float) -> Colour:
    """A colour between two neighbouring shades, with jitter in each channel."""
    k = int(rng.integers(len(shades)))
    t = float(rng.random())
    r, g, b = (
        min(max(p + t * (q - p) + between(rng, -jitter, jitter), 3.0), 250.0)
        for p, q in zip(shades[k], shades[(k + 1) % len(shades)], strict=True)
    )
    return r, g, b
