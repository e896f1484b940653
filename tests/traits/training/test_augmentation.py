"""Affine transformations of images, compared with rolls, flips and rotations of arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lacunar.traits.config import Augmentation
from lacunar.traits.training.augmentation import draw_matrices, move_images

STILL = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=False)


def matrix(a: float, b: float, x: float, c: float, d: float, y: float) -> torch.Tensor:
    return torch.tensor([[[a, b, x], [c, d, y]]], dtype=torch.float32)


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def draw(n: int, ranges: Augmentation, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return draw_matrices(n, ranges, height=100, width=60, generator=generator)


def test_the_identity_changes_nothing() -> None:
    images = noise(3, 2, 10, 6)
    assert torch.allclose(move_images(images, draw(3, STILL)), images, atol=1e-6)


def test_a_flip_mirrors_left_to_right() -> None:
    images = noise(1, 3, 10, 7)
    moved = move_images(images, matrix(-1, 0, 0, 0, 1, 0))
    assert torch.allclose(moved, images.flip(3), atol=1e-6)


@pytest.mark.parametrize(("right", "down"), [(2, 0), (-1, 3), (0, -4), (6, 0)])
def test_a_shift_by_whole_pixels_is_a_roll_filled_with_zero(right: int, down: int) -> None:
    images = noise(1, 3, 10, 6)
    expected = np.roll(images.numpy(), (down, right), axis=(2, 3))
    rows, columns = np.arange(10) - down, np.arange(6) - right
    expected[:, :, (rows < 0) | (rows >= 10)] = 0
    expected[:, :, :, (columns < 0) | (columns >= 6)] = 0
    moved = move_images(images, matrix(1, 0, right, 0, 1, down))
    assert np.allclose(moved.numpy(), expected, atol=1e-5)


def test_a_quarter_turn_of_a_square_is_rot90() -> None:
    images = noise(1, 3, 8, 8)
    # Rows count downwards, so this turns the x axis to the y axis: clockwise as one looks at it.
    moved = move_images(images, matrix(0, -1, 0, 1, 0, 0))
    assert torch.allclose(moved, torch.rot90(images, -1, (2, 3)), atol=1e-5)


def test_a_quarter_turn_keeps_pixels_square() -> None:
    images = torch.zeros(1, 1, 20, 11)
    images[0, 0, 8:12, 5] = 1
    moved = move_images(images, matrix(0, -1, 0, 1, 0, 0))
    # A bar 4 high and 1 wide lies down: 4 wide and 1 high, between the two middle rows.
    assert moved.sum().item() == pytest.approx(4, abs=1e-4)
    assert (moved[0, 0].sum(dim=0) > 1e-3).sum().item() == pytest.approx(4, abs=1)
    assert (moved[0, 0].sum(dim=1) > 1e-3).sum().item() <= 2


def test_a_point_goes_where_its_matrix_says() -> None:
    images = torch.zeros(1, 1, 101, 61)
    images[0, 0, 50 + 20, 30 + 10] = 1
    turn = math.radians(12)
    moved = move_images(
        images, matrix(math.cos(turn), -math.sin(turn), 3, math.sin(turn), math.cos(turn), -5)
    )[0, 0]
    down, right = torch.meshgrid(torch.arange(101.0), torch.arange(61.0), indexing="ij")
    centre = [(moved * axis).sum() / moved.sum() for axis in (right, down)]
    x = 10 * math.cos(turn) - 20 * math.sin(turn) + 3
    y = 10 * math.sin(turn) + 20 * math.cos(turn) - 5
    assert centre[0].item() == pytest.approx(30 + x, abs=0.05)
    assert centre[1].item() == pytest.approx(50 + y, abs=0.05)


def test_rotations_alone_keep_angles_and_lengths() -> None:
    linear = draw(200, STILL.model_copy(update={"rotation": 12.0}))[:, :, :2]
    assert torch.allclose(linear.mT @ linear, torch.eye(2).expand(200, 2, 2), atol=1e-6)
    angles = torch.rad2deg(torch.atan2(linear[:, 1, 0], linear[:, 0, 0]))
    assert angles.abs().max() <= 12
    assert angles.min() < -11
    assert angles.max() > 11


def test_a_zoom_alone_has_one_factor_for_both_sides() -> None:
    linear = draw(200, STILL.model_copy(update={"zoom": 0.1}))[:, :, :2]
    factors = linear[:, 0, 0]
    assert torch.equal(linear, factors[:, None, None] * torch.eye(2))
    assert 0.9 <= factors.min() < 0.91
    assert 1.09 < factors.max() <= 1.1


def test_a_shear_keeps_the_length_and_distance_of_rows() -> None:
    linear = draw(200, STILL.model_copy(update={"shear": 10.0}))[:, :, :2]
    assert torch.equal(linear[:, :, 0], torch.tensor([1.0, 0.0]).expand(200, 2))
    assert torch.equal(linear[:, 1, 1], torch.ones(200))
    assert linear[:, 0, 1].abs().max() <= math.tan(math.radians(10))


def test_shifts_are_shares_of_width_and_height() -> None:
    drawn = draw(500, STILL.model_copy(update={"shift": 0.07}))
    assert torch.equal(drawn[:, :, :2], torch.eye(2).expand(500, 2, 2))
    largest = drawn[:, :, 2].abs().amax(dim=0)
    assert largest.tolist() == pytest.approx([4.2, 7.0], rel=0.02)
    assert (largest <= torch.tensor([4.2, 7.0])).all()


def test_half_of_the_images_are_mirrored() -> None:
    determinants = torch.linalg.det(draw(1000, Augmentation())[:, :, :2])
    assert 0.45 < (determinants < 0).float().mean() < 0.55
    assert (torch.linalg.det(draw(1000, Augmentation(flip=False))[:, :, :2]) > 0).all()


def test_a_matrix_is_the_product_of_its_transformations() -> None:
    drawn = draw(50, Augmentation())
    parts = {"rotation": 0.0, "shift": 0.0, "shear": 0.0, "zoom": 0.0, "flip": False}
    alone = {
        part: draw(50, Augmentation(**(parts | {part: getattr(Augmentation(), part)})))
        for part in parts
    }
    linear = (
        alone["rotation"][:, :, :2]
        @ alone["shear"][:, :, :2]
        @ alone["zoom"][:, :, :2]
        @ alone["flip"][:, :, :2]
    )
    assert torch.allclose(drawn[:, :, :2], linear, atol=1e-6)
    assert torch.allclose(drawn[:, :, 2], alone["shift"][:, :, 2])


def test_a_seed_draws_the_same_transformations() -> None:
    assert torch.equal(draw(9, Augmentation()), draw(9, Augmentation()))
    assert not torch.equal(draw(9, Augmentation()), draw(9, Augmentation(), seed=1))


def test_colours_stay_where_an_image_stays_in_view() -> None:
    images = torch.tensor([0.2, 0.5, 0.9])[None, :, None, None].expand(8, 3, 100, 60)
    moved = move_images(images.contiguous(), draw(8, Augmentation()))
    assert torch.allclose(moved[:, :, 40:60, 25:35], images[:, :, 40:60, 25:35], atol=1e-5)
    # The fill is black, which is the same in every channel: hues are those of the image.
    assert torch.allclose(moved[:, 0] / 0.2, moved[:, 2] / 0.9, atol=1e-4)


def test_each_image_moves_by_its_own_matrix() -> None:
    images, matrices = noise(5, 3, 20, 12), draw(5, Augmentation())
    together = move_images(images, matrices)
    for row in range(5):
        alone = move_images(images[row : row + 1], matrices[row : row + 1])
        assert torch.allclose(together[row], alone[0], atol=1e-6)


def test_a_matrix_without_inverse_is_refused() -> None:
    with pytest.raises(ValueError, match="inverse"):
        move_images(noise(1, 1, 4, 4), matrix(1, 0, 0, 0, 0, 0))
