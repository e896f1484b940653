from dataclasses import replace

import numpy as np
import pytest

from lacunar.datasets.people.camera import FLAWS, MAX_SIZE, MIN_SIZE, draw_shot, spoil, take
from lacunar.datasets.people.look import draw_look

SHOT = replace(
    draw_shot(np.random.default_rng(0)),
    width=48, height=128, gain=1.0, contrast=1.0, tint=(1.0, 1.0, 1.0), blur=0, halo=0.0,
    noise=0.0, comb=0,
)  # fmt: skip
LOOK = draw_look([0, 1, 8, 0, 1, 0], np.random.default_rng(0))


def photograph(seed=0, **changes):
    return take(LOOK, replace(SHOT, **changes), np.random.default_rng(seed))


def test_shots_stay_within_the_sizes_of_the_pedestrian_crops():
    rng = np.random.default_rng(0)
    sizes = np.array([(shot.width, shot.height) for shot in (draw_shot(rng) for _ in range(3000))])
    assert (sizes >= MIN_SIZE).all()
    assert (sizes <= MAX_SIZE).all()
    assert sizes[:, 1].min() < 75
    assert sizes[:, 1].max() > 370


@pytest.mark.parametrize("size", [(29, 63), (48, 128), (251, 384), (8, 20)])
def test_a_picture_has_the_size_of_the_shot(size):
    image = photograph(width=size[0], height=size[1])
    assert image.shape == (size[1], size[0], 3)
    assert image.dtype == np.uint8


def test_noise_and_blur_have_the_given_strength():
    clean, noisy, blurred = photograph(), photograph(noise=8.0), photograph(blur=6)
    difference = noisy.astype(float) - clean
    assert 6 < difference.std() < 13
    assert abs(difference.mean()) < 1

    def steepness(image):
        return np.abs(np.diff(image.astype(float), axis=0)).mean()

    assert steepness(blurred) < 0.6 * steepness(clean)


def test_gain_saturation_and_tint_change_light_and_colour():
    clean = photograph().astype(float)
    assert photograph(gain=0.5).mean() < 0.6 * clean.mean()
    grey = photograph(saturation=0.0)
    assert np.ptp(grey, axis=2).max() <= 1
    assert (photograph(tint=(1.2, 1.0, 1.0)).mean(axis=(0, 1)) - clean.mean(axis=(0, 1)))[0] > 5


def test_a_comb_delays_every_other_row():
    clean, late = photograph(), photograph(comb=1)
    np.testing.assert_array_equal(late[::2], clean[::2])
    np.testing.assert_array_equal(late[1::2, 1:], clean[1::2, :-1])


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_changes_the_shot_and_nothing_else_does(flaw):
    assert spoil(SHOT, flaw) != SHOT
    assert spoil(SHOT, flaw).light == SHOT.light
