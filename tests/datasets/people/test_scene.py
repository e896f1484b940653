from dataclasses import replace

import numpy as np

from lacunar.datasets.people.canvas import Canvas
from lacunar.datasets.people.look import draw_look
from lacunar.datasets.people.scene import (
    draw_clutter,
    draw_foreground,
    draw_ground_shadow,
    draw_scene,
)


def make_canvas(seed=0):
    return Canvas(
        np.full((240, 100, 3), 150, np.float32),
        unit=220,
        origin=(50, 10),
        light=0.5,
        relief=0.5,
        rng=np.random.default_rng(seed),
    )


def test_places_are_all_different_and_of_finite_light():
    scenes = [draw_scene(60, 24, np.random.default_rng(seed)) for seed in range(60)]
    assert all(np.isfinite(scene).all() and scene.shape == (60, 24, 3) for scene in scenes)
    means = np.array([scene.mean() for scene in scenes])
    assert means.min() > 15
    assert means.max() < 240
    assert means.std() > 15


def test_clutter_belongs_to_no_body():
    changed = 0
    for seed in range(20):
        canvas = make_canvas()
        draw_clutter(canvas, np.random.default_rng(seed))
        assert not canvas.parts.any()
        changed += bool((canvas.pixels != 150).any())
    assert 5 < changed < 20


def test_the_shadow_falls_away_from_the_light():
    left, right = make_canvas(), make_canvas()
    draw_ground_shadow(left, -0.8, 0.5)
    draw_ground_shadow(right, 0.8, 0.5)
    assert left.pixels[:, 60:].mean() < right.pixels[:, 60:].mean()
    assert right.pixels[:, :40].mean() < left.pixels[:, :40].mean()


def test_a_foreground_hides_one_side_and_not_the_middle():
    look = draw_look([0, 0, 0, 0, 0, -1], np.random.default_rng(0))
    for side in (-1, 1):
        for seed in range(10):
            canvas = make_canvas()
            canvas.parts[:] = 1
            draw_foreground(canvas, replace(look, side=side), np.random.default_rng(seed))
            hidden = canvas.parts == 0
            # From the elbow to the hand.
            assert hidden[80:120, 50 + side * 40].all()
            assert not hidden[80:120, 50 - side * 40 : 50 - side * 40 + 1].any()
            assert not hidden[:, 50].any()
