from __future__ import annotations

from collections.abc import Iterator

import pytest
from matplotlib import pyplot as plt

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate import Comparison, evaluate_recommenders
from lacunar.taste.evaluate.bootstrap import Interval
from lacunar.taste.evaluate.comparison import METRICS
from lacunar.taste.evaluate.comparison_plot import METRIC_NAMES, plot_intervals


@pytest.fixture(scope="module")
def comparison(sample_ratings: Ratings) -> Comparison:
    return evaluate_recommenders(sample_ratings, ["popularity", "segment"], seeds=[0])


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("metric", METRICS)
def test_a_plot_has_the_means_and_intervals_of_the_summary(
    comparison: Comparison, metric: str
) -> None:
    ax = comparison.plot(metric)
    drawn = [line.get_xdata().tolist() for line in ax.lines]
    expected = []
    for summary in comparison.summary().values():
        interval = summary[metric]
        if interval.low is not None:
            expected.append([interval.low, interval.high])
        expected.append([interval.mean])
    assert drawn == expected
    assert [text.get_text() for text in ax.get_yticklabels()] == ["popularity", "segment"]
    assert METRIC_NAMES[metric] in ax.get_title(loc="left")


def test_a_mean_without_an_interval_and_a_method_without_a_mean_are_drawn() -> None:
    _, ax = plt.subplots()
    rows = {"a": Interval(0.5, None, None), "b": Interval(float("nan"), None, None)}
    assert plot_intervals(rows, "coverage", "1 user", ax) is ax
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == ["0.500"]


def test_an_unknown_metric_is_refused(comparison: Comparison) -> None:
    with pytest.raises(InputError, match=r"metric: expected one of ndcg@10, .* got accuracy"):
        comparison.plot("accuracy")
