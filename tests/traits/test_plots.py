from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.testing import assert_allclose

from lacunar.errors import InputError
from lacunar.traits.confidence.reliability import wilson_interval
from lacunar.traits.model import EvaluationResult, TraitsModel

METHODS = ("reliability", "confusion", "risk_coverage", "history")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def title(ax: Axes) -> str:
    return str(ax.get_title(loc="left"))


@pytest.mark.parametrize("name", METHODS)
def test_every_plot_draws_into_given_axes_and_returns_them(
    people_model: TraitsModel, name: str
) -> None:
    figure, ax = plt.subplots()
    for attribute in people_model.schema.names:
        ax.clear()
        assert getattr(people_model.plot, name)(attribute, ax) is ax
        figure.canvas.draw()
        assert attribute in title(ax)


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_attribute_is_refused(people_model: TraitsModel, name: str) -> None:
    with pytest.raises(InputError, match=r"attribute: expected one of gender, .* got hat"):
        getattr(people_model.plot, name)("hat")


def test_a_model_shows_its_test_images_and_else_the_held_out_ones(
    folded_model: TraitsModel,
) -> None:
    assert "test images" in folded_model.plot.confusion("gender").get_xlabel()
    without = replace(
        folded_model,
        evaluations={
            part: found for part, found in folded_model.evaluations.items() if part != "test"
        },
    )
    assert "out-of-fold images" in without.plot.confusion("gender").get_xlabel()


def test_a_confusion_matrix_has_the_counts(people_model: TraitsModel) -> None:
    names = people_model.schema.names
    counts = people_model.evaluations["test"].confusions[names.index("torso_type")]
    ax = people_model.plot.confusion("torso_type")
    written = np.zeros_like(counts)
    for text in ax.texts:
        column, row = map(int, text.get_position())
        written[row, column] = int(text.get_text())
    np.testing.assert_array_equal(written, counts)
    assert title(ax).startswith(f"{np.trace(counts)} of {counts.sum()} predictions")


def test_reliability_has_both_calibrations_and_their_intervals(people_model: TraitsModel) -> None:
    found = people_model.confidences["test"][0]
    ax = people_model.plot.reliability("gender")
    assert len(ax.containers) == 2
    for container, calibration in zip(ax.containers, (found.before, found.after), strict=True):
        points, _, (bars,) = container.lines
        expected = [(one.confidence, one.accuracy) for one in calibration.bins]
        assert_allclose(points.get_xydata(), expected)
        ends = [sorted(end[1] for end in segment) for segment in bars.get_segments()]
        assert_allclose(ends, [(one.low, one.high) for one in calibration.bins], atol=1e-12)


def test_risk_coverage_is_the_curve_without_points_of_few_predictions(
    people_model: TraitsModel,
) -> None:
    found = people_model.confidences["test"][0]
    ax = people_model.plot.risk_coverage("gender")
    shown = [point for point in found.curve if point.kept >= 10]
    assert_allclose(ax.lines[0].get_xydata(), [(p.coverage, p.accuracy) for p in shown])
    last = shown[-1]
    low, high = wilson_interval(round(last.accuracy * last.kept), last.kept)
    band = ax.collections[0].get_paths()[0].vertices
    at_end = band[np.isclose(band[:, 0], last.coverage), 1]
    assert_allclose([at_end.min(), at_end.max()], [low, high])


def test_history_has_the_losses_and_the_kept_epoch(people_model: TraitsModel) -> None:
    train, validation, *kept = people_model.plot.history().lines
    assert train.get_ydata().tolist() == [one.train.loss for one in people_model.history]
    assert validation.get_ydata().tolist() == [one.validation.loss for one in people_model.history]
    assert len(kept) == 1
    ax = people_model.plot.history("luggage")
    losses = [one.validation.losses["luggage"] for one in people_model.history]
    assert ax.lines[1].get_ydata().tolist() == losses


def test_an_evaluation_has_the_plots_of_its_images(people_model: TraitsModel) -> None:
    result = EvaluationResult(
        people_model.evaluations["validation"],
        people_model.confidences["validation"],
        people_model.operating_points["validation"],
    )
    counts = people_model.evaluations["validation"].confusions[0]
    assert title(result.plot.confusion("gender")).startswith(f"{np.trace(counts)} of")
    for name in ("reliability", "risk_coverage"):
        assert "gender" in title(getattr(result.plot, name)("gender"))
