from dataclasses import replace

import numpy as np
import pytest

from lacunar.datasets.people.sample import PeopleSample, sample_people
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.image_measures import ImageMeasures, measure_image
from lacunar.traits.audit.image_quality import RULES, find_low_quality, threshold_of


@pytest.fixture
def usual() -> ImageMeasures:
    """99 images with nothing wrong, and one more like them."""
    rng = np.random.default_rng(0)
    n = 100
    return ImageMeasures(
        height=rng.integers(120, 260, n),
        width=rng.integers(50, 100, n),
        highlights=rng.uniform(120, 220, n),
        shadows=rng.uniform(30, 60, n),
        burnt=rng.uniform(0, 0.02, n),
        contrast=rng.uniform(30, 60, n),
        sharpness=rng.uniform(0.7, 1.5, n),
        descriptors=np.zeros((n, 64), np.float32),
        digests=np.zeros((n, 32), np.uint8),
    )


def last(measures: ImageMeasures, **values: float) -> ImageMeasures:
    """The same with other values of the last image."""
    changed = {}
    for name, value in values.items():
        column = getattr(measures, name).copy()
        column[-1] = value
        changed[name] = column
    return replace(measures, **changed)


def reasons_of(measures: ImageMeasures) -> dict[int, tuple[str, ...]]:
    return {found.image: found.reasons for found in find_low_quality(measures)[0]}


def test_usual_images_are_not_flagged(usual: ImageMeasures) -> None:
    assert reasons_of(usual) == {}


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("dark", {"highlights": 20}),
        ("blown_out", {"burnt": 0.6}),
        ("blurred", {"sharpness": 0.02}),
        ("low_contrast", {"contrast": 4}),
        ("tiny", {"height": 20, "width": 8}),
        ("off_aspect", {"height": 100, "width": 200}),
        ("off_aspect", {"height": 250, "width": 12}),
    ],
)
def test_each_flaw_is_called_by_its_name(
    usual: ImageMeasures, reason: str, values: dict[str, float]
) -> None:
    assert reasons_of(last(usual, **values)) == {99: (reason,)}


def test_white_walls_behind_dark_clothes_are_not_blown_out(usual: ImageMeasures) -> None:
    assert reasons_of(last(usual, burnt=0.6, shadows=5)) == {}


def test_what_is_usual_in_the_data_is_not_flagged(usual: ImageMeasures) -> None:
    night = replace(usual, highlights=usual.highlights / 5)
    assert reasons_of(night) == {}
    assert reasons_of(last(night, highlights=3)) == {99: ("dark",)}


def test_an_outlier_within_the_limit_is_not_flagged(usual: ImageMeasures) -> None:
    alike = replace(usual, height=np.full(100, 128), width=np.full(100, 48))
    assert reasons_of(last(alike, height=100, width=40)) == {}
    assert reasons_of(last(alike, height=40, width=16)) == {99: ("tiny",)}


def test_a_flat_image_is_not_called_blurred() -> None:
    flat = measure_image(np.full((128, 48, 3), 120, np.uint8))
    flagged, thresholds = find_low_quality(flat)
    assert flagged == ()
    assert np.isnan(thresholds[2].usual)


def test_the_line_is_a_robust_deviation_of_one_side() -> None:
    rule = next(rule for rule in RULES if rule.reason == "blown_out")
    values = np.array([0.1, 0.2, 0.3, 0.4, 0.9])
    # Distances above the median .3: 0, .1, .6; their median is .1.
    expected = 0.3 + 3.5 * 1.4826 * 0.1
    assert threshold_of(rule, values).outlier == pytest.approx(expected)
    assert threshold_of(rule, values).line == pytest.approx(max(expected, 0.3))


def test_planted_flaws_are_found_and_called_by_name(
    flawed_findings: AuditFindings, flawed_people: PeopleSample
) -> None:
    planted = {(bad.part, bad.filename): bad.flaw for bad in flawed_people.truth.bad_images}
    found = {
        flawed_findings.images.place(image.image): image.reasons
        for image in flawed_findings.low_quality
    }
    right = [place for place, flaw in planted.items() if flaw in found.get(place, ())]
    assert len(right) >= 0.9 * len(planted)
    assert len(right) >= 0.9 * len(found)


@pytest.mark.slow
def test_planted_flaws_are_found_in_whole_samples() -> None:
    hits = flagged = planted = 0
    for seed in range(11, 14):
        sample = sample_people(bad_images=21, seed=seed)
        measured = [measure_image(i) for part in (sample.train, sample.test) for i in part.images]
        measures = ImageMeasures(
            *(
                np.concatenate([getattr(one, name) for one in measured])
                for name in ImageMeasures.__slots__
            )
        )
        names = (*sample.train.filenames, *sample.test.filenames)
        bad = {fault.filename for fault in sample.truth.bad_images}
        found = {names[image.image] for image in find_low_quality(measures)[0]}
        hits, flagged, planted = hits + len(bad & found), flagged + len(found), planted + len(bad)
    assert hits >= 0.95 * planted
    assert hits >= 0.9 * flagged
