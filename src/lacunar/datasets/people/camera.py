"""Camera model of generated pictures: framing, light, blur, noise and optional flaws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lacunar.datasets.people.canvas import Canvas, Colour, Floats
from lacunar.datasets.people.colours import between, one_of
from lacunar.datasets.people.figure import draw_figure
from lacunar.datasets.people.look import Look
from lacunar.datasets.people.scene import (
    draw_clutter,
    draw_foreground,
    draw_ground_shadow,
    draw_scene,
)

Flaw = Literal["dark", "blown_out", "blurred", "low_contrast", "tiny", "off_aspect"]
FLAWS: tuple[Flaw, ...] = ("dark", "blown_out", "blurred", "low_contrast", "tiny", "off_aspect")

MIN_SIZE, MAX_SIZE = (29, 63), (251, 384)
_CANVAS_ROWS = 480  # rows at which a small picture is drawn before it is scaled down
_LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Shot:
    """Settings of a picture.

    Attributes
    ----------
    width, height : int
        In pixels.
    light : float
        Direction of the light, -1 left to 1 right.
    relief : float
        Hardness of the light, 0 to 1.
    gain, contrast, saturation : float
        1 leaves the picture as it is.
    tint : tuple of 3 floats
        Factors of red, green and blue.
    blur : int
        Number of passes of a 1-2-1 filter.
    halo : float
        Strength of the bright edges of cheap cameras.
    noise : float
        Standard deviation in grey levels.
    comb : int
        Shift of every other row in pixels, as by an interlaced camera.
    """

    width: int
    height: int
    light: float
    relief: float
    gain: float
    contrast: float
    saturation: float
    tint: Colour
    blur: int
    halo: float
    noise: float
    comb: int


def draw_shot(rng: np.random.Generator) -> Shot:
    """Random settings of one of three cameras: clear, dim and interlaced, or in bright sun."""
    width, height = _draw_size(rng)
    large = height > 150
    side = 1.0 if rng.random() < 0.5 else -1.0
    clear = Shot(
        width=width,
        height=height,
        light=side * between(rng, 0.1, 0.5),
        relief=between(rng, 0.45, 0.8),
        gain=between(rng, 0.85, 1.1),
        contrast=between(rng, 0.9, 1.1),
        saturation=between(rng, 0.75, 1.05),
        tint=(between(rng, 0.97, 1.04), 1.0, between(rng, 0.95, 1.05)),
        blur=int(large) + int(rng.integers(0, 2)),
        halo=between(rng, 0.0, 0.4),
        noise=between(rng, 2, 5),
        comb=0,
    )
    drawn = rng.random()
    if drawn < 0.5:
        return clear
    if drawn < 0.82:
        return replace(
            clear,
            relief=between(rng, 0.3, 0.6),
            gain=between(rng, 0.6, 0.88),
            contrast=between(rng, 0.8, 1.0),
            saturation=between(rng, 0.6, 0.95),
            tint=(between(rng, 1.0, 1.08), 1.0, between(rng, 0.78, 0.95)),
            blur=clear.blur + 1,
            noise=between(rng, 3, 6),
            comb=int(rng.integers(0, 2)),
        )
    return replace(
        clear,
        light=side * between(rng, 0.5, 0.9),
        relief=between(rng, 0.8, 1.0),
        gain=between(rng, 1.1, 1.3),
        contrast=between(rng, 1.15, 1.4),
        halo=between(rng, 0.4, 0.9),
    )


def spoil(shot: Shot, flaw: Flaw) -> Shot:
    """The same shot with one flaw.

    Examples
    --------
    >>> shot = spoil(draw_shot(np.random.default_rng(0)), "tiny")
    >>> shot.width, shot.height
    (8, 20)
    """
    if flaw == "dark":
        return replace(shot, gain=0.15, contrast=0.9)
    if flaw == "blown_out":
        return replace(shot, gain=2.8, contrast=1.3)
    if flaw == "blurred":
        return replace(shot, blur=shot.height * shot.height // 450, halo=0.0, noise=1.0, comb=0)
    if flaw == "low_contrast":
        return replace(shot, contrast=0.12, gain=1.0, halo=0.0, noise=1.0)
    if flaw == "tiny":
        return replace(shot, width=8, height=20, blur=0)
    return replace(shot, width=2 * shot.height)


def take(look: Look, shot: Shot, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Take the picture of a person.

    Parameters
    ----------
    look : Look
    shot : Shot
    rng : numpy.random.Generator
        For the scene, the framing and the noise.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
    """
    zoom = min(max(_CANVAS_ROWS // shot.height, 2), 24)
    height, width = shot.height * zoom, shot.width * zoom
    unit = height * between(rng, 0.86, 0.93)
    top = height * between(rng, 0.03, 0.06)
    middle = width * between(rng, 0.45, 0.55)
    canvas = Canvas(
        draw_scene(height, width, rng),
        unit=unit,
        origin=(middle, top),
        light=shot.light,
        relief=shot.relief,
        rng=rng,
    )
    draw_clutter(canvas, rng)
    canvas.pixels[:] = _defocus(canvas.pixels, zoom, int(rng.integers(0, 3)))
    draw_ground_shadow(canvas, shot.light, 0.25 + 0.35 * shot.relief)
    draw_figure(canvas, look)
    if look.hides_side:
        draw_foreground(canvas, look, rng)
    return _expose(_shrink(canvas.pixels, zoom), shot, rng)


def _draw_size(rng: np.random.Generator) -> tuple[int, int]:
    drawn = rng.random()
    if drawn < 0.45:
        return 48, 128
    if drawn < 0.8:
        height, aspect = between(rng, 100, 170), between(rng, 0.34, 0.5)
    elif drawn < 0.97:
        height, aspect = between(rng, 170, 300), between(rng, 0.3, 0.46)
    else:
        height, aspect = (
            between(rng, *one_of(rng, ((63, 100), (300, 385)))),
            between(rng, 0.38, 0.75),
        )
    (low_w, low_h), (high_w, high_h) = MIN_SIZE, MAX_SIZE
    rows = min(max(int(height), low_h), high_h)
    return min(max(int(height * aspect), low_w), high_w), rows


def _defocus(pixels: Floats, zoom: int, blur: int) -> Floats:
    """The background out of focus, computed at the resolution of the final picture."""
    small = _shrink(pixels, zoom)
    for _ in range(blur):
        small = _blur(small)
    return small.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _shrink(pixels: Floats, zoom: int) -> Floats:
    """Mean of each block of ``zoom`` x ``zoom`` pixels, summed in one order on every machine."""
    rows = pixels[::zoom].copy()
    for k in range(1, zoom):
        rows += pixels[k::zoom]
    blocks = rows[:, ::zoom].copy()
    for k in range(1, zoom):
        blocks += rows[:, k::zoom]
    shrunk: Floats = blocks / np.float32(zoom * zoom)
    return shrunk


def _expose(pixels: Floats, shot: Shot, rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    pixels = pixels.clip(0, 290) * (np.array(shot.tint, np.float32) * np.float32(shot.gain))
    grey = _grey(pixels)
    pixels = grey + (pixels - grey) * np.float32(shot.saturation)
    middle = np.float32(118 * min(shot.gain, 1.0))
    pixels = (pixels - middle) * np.float32(shot.contrast) + middle
    if shot.halo:
        pixels = pixels + np.float32(shot.halo) * (pixels - _blur(_blur(pixels)))
    for _ in range(shot.blur):
        pixels = _blur(pixels)
    if shot.comb:
        pixels[1::2, shot.comb :] = pixels[1::2, : -shot.comb].copy()
    # The sum of four bytes is nearly normal, and the same on every machine.
    bits = rng.integers(0, 256, size=(4, height, width), dtype=np.uint8)
    noise = (bits.sum(axis=0, dtype=np.int32) - 510).astype(np.float32)
    pixels = pixels + (noise * np.float32(shot.noise / 147.8))[..., np.newaxis]
    stains = rng.integers(-127, 128, size=(height // 2 + 1, width // 2 + 1, 3)).astype(np.float32)
    stains = stains.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    pixels = pixels + _blur(stains) * np.float32(shot.noise / 80)
    return np.asarray(np.rint(pixels.clip(0, 255)), dtype=np.uint8)


def _grey(pixels: Floats) -> Floats:
    weighted = pixels * _LUMA
    grey: Floats = weighted[..., :1] + weighted[..., 1:2] + weighted[..., 2:]
    return grey


def _blur(pixels: Floats) -> Floats:
    """A 1-2-1 filter along both axes, with repeated borders."""
    padded = np.concatenate([pixels[:1], pixels, pixels[-1:]])
    pixels = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    padded = np.concatenate([pixels[:, :1], pixels, pixels[:, -1:]], axis=1)
    return np.asarray((padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4)
