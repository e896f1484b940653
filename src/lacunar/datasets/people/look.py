"""Appearance of a generated pedestrian that matches its labels: body, hair, clothes and bag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from lacunar.datasets.people.canvas import Colour, Pattern
from lacunar.datasets.people.colours import (
    BAGS,
    DENIM,
    HAIR,
    SHOES,
    SHOP_BAGS,
    SKIN,
    between,
    mix,
    one_of,
    shade_of,
)
from lacunar.datasets.people.labels import BODY_PARTS, COLUMNS, UNKNOWN

Hair = Literal["bald", "short", "bob", "long", "ponytail", "bun", "cap", "hood"]
Top = Literal["tee", "sleeveless", "shirt", "jacket", "coat"]
Bottom = Literal["trousers", "leggings", "long skirt", "shorts", "skirt"]
Hands = Literal["swing", "pocket", "phone", "reading"]
Bag = Literal["none", "backpack", "shoulder", "handbag", "carrier", "briefcase", "suitcase"]

PART = {name: number for number, name in enumerate(BODY_PARTS, start=1)}


@dataclass(frozen=True, slots=True)
class Cloth:
    """Colours of a garment, first that of the label, and their pattern."""

    colour: Colour
    pattern: Pattern = "plain"
    others: tuple[Colour, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """Body, clothes and posture of a person.

    Attributes
    ----------
    forward : tuple of 2 floats
        Unit vector of the facing direction: rightwards in the picture, and away from the camera.
    stride : float
        -1 to 1; 0 when standing.
    lean : float
        Sideways, body heights per body height.
    shoulders, waist, hips : float
        Half widths in body heights.
    hair_end : float
        End of long hair, in body heights from the crown.
    sleeve : float
        Covered share of the arm, 0 to 1.
    hem : float
        End of a skirt or shorts, in body heights from the crown.
    flare, loose : float
        Width of a skirt's hem relative to the hips, and extra width of trousers.
    side : {-1, 1}
        Side of the bag.
    hides_side : bool
        Whether an object hides that side.
    """

    forward: tuple[float, float]
    stride: float
    lean: float
    hands: Hands
    shoulders: float
    waist: float
    hips: float
    girth: float
    skin: Colour
    hair: Hair
    hair_colour: Colour
    hair_end: float
    cap: Colour
    beard: bool
    top: Top
    top_cloth: Cloth
    lining: Colour
    sleeve: float
    bottom: Bottom
    bottom_cloth: Cloth
    hem: float
    flare: float
    loose: float
    is_open: bool
    shoes: Colour
    bag: Bag
    bag_colour: Colour
    side: int
    hides_side: bool


class _Bag(TypedDict):
    bag: Bag
    bag_colour: Colour
    side: int
    hides_side: bool


def draw_look(labels: Sequence[int], rng: np.random.Generator) -> Look:
    """A random person that matches the labels.

    Gender changes probabilities: some women have short hair and broad shoulders, some men long
    hair. If it is unknown, the person is seen from behind, in wide clothes and with a hood or cap.
    An unknown colour is a garment of several colours; with unknown luggage, one side is hidden.

    Parameters
    ----------
    labels : sequence of 6 ints
        In the order of :data:`lacunar.datasets.people.labels.COLUMNS`.
    rng : numpy.random.Generator

    Returns
    -------
    Look

    Examples
    --------
    >>> look = draw_look([1, 1, 8, 1, 0, 1], np.random.default_rng(1))
    >>> look.hair, look.top, look.bottom, look.bag
    ('ponytail', 'tee', 'skirt', 'carrier')
    """
    label = dict(zip(COLUMNS, labels, strict=True))
    unknown = label["gender"] == UNKNOWN
    looks_female = (label["gender"] == 1) != (rng.random() < 0.1)
    girth = between(rng, 1.0, 1.25) if unknown else between(rng, 0.84, 1.16)
    build = (0.092, 0.074, 0.088) if looks_female and not unknown else (0.106, 0.084, 0.082)
    shoulders, waist, hips = (width * girth * between(rng, 0.96, 1.04) for width in build)
    top, sleeve = _draw_top(label, looks_female, rng)
    bottom = _draw_bottom(label, looks_female and label["gender"] == 1, rng)
    forward = _draw_heading(unknown, rng)
    return Look(
        forward=forward,
        stride=_draw_stride(rng),
        lean=between(rng, -0.05, 0.05),
        hands=one_of(rng, ("swing", "swing", "swing", "swing", "pocket", "phone", "reading")),
        shoulders=shoulders,
        waist=waist,
        hips=hips,
        girth=girth,
        skin=mix(SKIN, rng, 4),
        hair=_draw_hair(unknown, looks_female, top, rng),
        hair_colour=mix(HAIR, rng, 6),
        hair_end=between(rng, 0.19, 0.3),
        cap=one_of(rng, BAGS),
        beard=rng.random() < 0.3 and not looks_female and not unknown,
        top=top,
        top_cloth=_draw_cloth(label["torcol"], rng, denim=False),
        lining=shade_of(one_of(rng, (9, 4, 0)), rng),
        sleeve=sleeve,
        bottom=bottom,
        bottom_cloth=_draw_cloth(label["legcol"], rng, denim=bottom in {"trousers", "shorts"}),
        hem=between(rng, 0.66, 0.76) if bottom == "skirt" else between(rng, 0.66, 0.78),
        flare=between(rng, 0.95, 1.4),
        loose=between(rng, 0.003, 0.012),
        is_open=rng.random() < 0.5,
        shoes=mix(SHOES, rng, 6),
        **_draw_bag(label["luggage"], looks_female, forward, rng),
    )


def _draw_heading(unknown: bool, rng: np.random.Generator) -> tuple[float, float]:
    sideways = between(rng, -1, 1)
    view = rng.random()
    away = 1.0 if unknown or view < 0.36 else -1.0
    if unknown or view < 0.7:
        across, depth = 0.55 * sideways, away
    else:
        across, depth = 1.0 if sideways > 0 else -1.0, between(rng, -0.5, 0.5)
    length = math.sqrt(across * across + depth * depth)
    return across / length, depth / length


def _draw_stride(rng: np.random.Generator) -> float:
    if rng.random() < 0.25:
        return between(rng, -0.12, 0.12)
    return between(rng, 0.35, 1.0) * (1 if rng.random() < 0.5 else -1)


def _draw_top(
    label: dict[str, int], looks_female: bool, rng: np.random.Generator
) -> tuple[Top, float]:
    if label["tortyp"] == 0:
        # A coat would hide shorts.
        coat = 0.0 if label["legtyp"] == 1 else 0.6 if label["gender"] == UNKNOWN else 0.18
        drawn = rng.random()
        top: Top = "coat" if drawn < coat else "jacket" if drawn < coat + 0.3 else "shirt"
        return top, between(rng, 0.88, 1.0)
    if rng.random() < (0.3 if looks_female else 0.05):
        return "sleeveless", 0.0
    return "tee", between(rng, 0.28, 0.44)


def _draw_bottom(label: dict[str, int], may_be_skirt: bool, rng: np.random.Generator) -> Bottom:
    drawn = rng.random()
    if label["legtyp"] == 1:
        return "skirt" if may_be_skirt and drawn < 0.65 else "shorts"
    if may_be_skirt and drawn < 0.35:
        return "long skirt" if drawn < 0.07 else "leggings"
    return "trousers"


def _draw_hair(unknown: bool, looks_female: bool, top: Top, rng: np.random.Generator) -> Hair:
    if unknown:
        return "hood" if top in {"coat", "jacket", "shirt"} else "cap"
    if looks_female:
        return one_of(
            rng, ("long", "long", "long", "ponytail", "ponytail", "bob", "bob", "bun", "short")
        )
    return one_of(rng, ("short", "short", "short", "short", "short", "short", "bald", "cap", "bob"))


def _draw_cloth(label: int, rng: np.random.Generator, *, denim: bool) -> Cloth:
    if label == UNKNOWN:
        first, second, third = rng.permutation((0, 1, 3, 7, 8, 9, 10))[:3].tolist()
        pattern: Pattern = one_of(rng, ("print", "checks", "print" if denim else "stripes"))
        others = (shade_of(second, rng), shade_of(third, rng))
        return Cloth(shade_of(first, rng), pattern, others)
    colour = mix(DENIM, rng, 5) if denim and label == 1 else shade_of(label, rng)
    drawn = rng.random()
    if denim or drawn > 0.24:
        return Cloth(colour)
    near = shade_of(label, rng)
    accent = shade_of(one_of(rng, (0, 9, 4, 1)), rng)
    if drawn < 0.08:
        return Cloth(colour, "pinstripes", (accent,))
    if drawn < 0.16:
        return Cloth(colour, "checks", (near, accent))
    return Cloth(colour, "print", (near, colour, accent))


def _draw_bag(
    label: int, looks_female: bool, forward: tuple[float, float], rng: np.random.Generator
) -> _Bag:
    bag: Bag = "none"
    if label == 1:
        his: tuple[Bag, ...] = (
            "backpack", "backpack", "backpack", "shoulder", "briefcase", "carrier", "suitcase"
        )  # fmt: skip
        hers: tuple[Bag, ...] = (
            "handbag", "handbag", "shoulder", "shoulder", "backpack", "carrier", "suitcase"
        )  # fmt: skip
        bag = one_of(rng, hers if looks_female else his)
    shades = SHOP_BAGS if bag == "carrier" else BAGS
    side = 1 if rng.random() < 0.5 else -1
    # The body would hide a bag on its far side.
    if abs(forward[0]) > 0.5:
        side = -1 if forward[0] > 0 else 1
    return {
        "bag": bag,
        "bag_colour": mix((one_of(rng, shades),), rng, 10),
        "side": side,
        "hides_side": label == UNKNOWN,
    }
