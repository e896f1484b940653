"""Data augmentation: one random affine resampling per image, and random brightness and contrast."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from lacunar.traits.config import Augmentation

_DARKEST = 1e-4


def draw_matrices(
    n: int, ranges: Augmentation, *, height: int, width: int, generator: torch.Generator
) -> Tensor:
    """Draw one affine transformation for each of ``n`` images, uniformly within the ranges.

    An image is mirrored, zoomed, sheared, rotated and shifted, in this order.

    Parameters
    ----------
    n : int
    ranges : Augmentation
    height, width : int
        Size of the images in pixels.
    generator : torch.Generator
        On the CPU, so that a seed gives the same draws on every device.

    Returns
    -------
    Tensor of shape (n, 2, 3)
        Maps pixels of the image to pixels of the moved image; see :func:`move_images`.

    Examples
    --------
    >>> still = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=False)
    >>> drawn = draw_matrices(1, still, height=4, width=3, generator=torch.Generator())
    >>> torch.equal(drawn[0], torch.eye(2, 3))
    True
    """
    # Six numbers per image, each in -1..1.
    draws = 2 * torch.rand(n, 6, generator=generator) - 1
    rotation, shear, zoom, right, down, side = draws.unbind(dim=1)  # each (n,)
    turn = rotation * math.radians(ranges.rotation)
    slant = torch.tan(shear * math.radians(ranges.shear))
    scale = 1 + zoom * ranges.zoom
    mirror = torch.where(side < 0, -1.0, 1.0) if ranges.flip else torch.ones(n)
    sine, cosine = torch.sin(turn), torch.cos(turn)
    # The shear slides rows and keeps their length and distance, so that it alone does not change
    # width and height: [[cos, -sin], [sin, cos]] @ [[1, slant], [0, 1]].
    across = torch.stack([cosine * mirror, sine * mirror], dim=1)  # (n, 2)
    along = torch.stack([cosine * slant - sine, sine * slant + cosine], dim=1)  # (n, 2)
    shift = torch.stack([right * width, down * height], dim=1) * ranges.shift  # (n, 2)
    return torch.stack([across * scale[:, None], along * scale[:, None], shift], dim=2)


def move_images(images: Tensor, matrices: Tensor) -> Tensor:
    """Transform images, each by its own matrix, and fill uncovered pixels with 0.

    Parameters
    ----------
    images : float Tensor of shape (B, channels, H, W)
    matrices : Tensor of shape (B, 2, 3)
        Applied to (x, y, 1), in pixels to the right of and below the centre of the image.

    Returns
    -------
    Tensor of shape (B, channels, H, W)
        Resampled bilinearly.

    Raises
    ------
    ValueError
        If a matrix has no inverse.

    Examples
    --------
    >>> images = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    >>> move_images(images, torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]))
    tensor([[[[0., 1., 2.]]]])
    """
    grid = functional.affine_grid(
        _to_torch(matrices, images.shape[2], images.shape[3]).to(images.device),
        list(images.shape),
        align_corners=False,
    )  # (B, H, W, 2)
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )


def draw_light(n: int, ranges: Augmentation, *, generator: torch.Generator) -> Tensor:
    """Draw a gamma exponent and a contrast factor for each of ``n`` images.

    Parameters
    ----------
    n : int
    ranges : Augmentation
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor of shape (n, 2)
        Exponent and factor of each image, for :func:`light_images`; 1 changes nothing.
    """
    draws = 2 * torch.rand(n, 2, generator=generator) - 1
    return torch.exp(draws * torch.tensor([ranges.gamma, ranges.contrast]))


def light_images(images: Tensor, light: Tensor) -> Tensor:
    """Apply a gamma exponent to images, then scale their contrast about the mean.

    Black pixels, such as padding, stay black.

    Parameters
    ----------
    images : float Tensor of shape (B, 3, H, W)
        In 0..1.
    light : Tensor of shape (B, 2)
        Exponent and factor of each image.

    Returns
    -------
    Tensor of shape (B, 3, H, W)
        In 0..1.

    Examples
    --------
    >>> light_images(torch.tensor([[[[0.0, 0.5, 1.0]]]]), torch.tensor([[2.0, 1.0]]))
    tensor([[[[0.0000, 0.2500, 1.0000]]]])
    """
    power, factor = light.to(images.device)[:, :, None, None, None].unbind(dim=1)
    seen = (images > 0).any(dim=1, keepdim=True)  # (B, 1, H, W)
    # The derivative of a power below 1 is infinite at 0.
    bent = images.clamp(min=_DARKEST) ** power
    n_seen = seen.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1) * images.shape[1]
    mean = (bent * seen).sum(dim=(1, 2, 3), keepdim=True) / n_seen
    return ((bent - mean) * factor + mean).clamp(0, 1) * seen


def _to_torch(matrices: Tensor, height: int, width: int) -> Tensor:
    """Convert to the convention of torch: from output to input, coordinates from -1 to 1.

    Angles are correct in pixels only: in these coordinates the pixels of an image that is not
    square are not square either.
    """
    double = matrices.double()
    linear, shift = double[:, :, :2], double[:, :, 2:]  # (B, 2, 2), (B, 2, 1)
    if (torch.linalg.det(linear) == 0).any():
        raise ValueError("expected matrices with an inverse, got one without")
    inverse = torch.linalg.inv(linear)
    half = torch.tensor([width / 2, height / 2], dtype=torch.float64)
    rescaled = inverse * half / half[:, None]  # (B, 2, 2)
    back = -(inverse @ shift) / half[:, None]  # (B, 2, 1)
    return torch.cat([rescaled, back], dim=2).to(matrices.dtype)
