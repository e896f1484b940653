from __future__ import annotations

from collections.abc import Iterator

import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba
from matplotlib.text import Text

from lacunar.axes import axes_or_new, finish, legend, marker
from lacunar.colours import INK
from lacunar.errors import InputError
from lacunar.report import svg_markers


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_given_axes_come_back_and_make_no_figure() -> None:
    _, ax = plt.subplots()
    assert axes_or_new(ax) is ax
    assert len(plt.get_fignums()) == 1


def test_a_new_figure_is_white_whatever_the_style() -> None:
    with plt.style.context("dark_background"):
        ax = finish(axes_or_new(None, 3, 2), "A title", x="x", y="y", grid="x")
        ax.plot([0, 1], label="a")
        legend(ax)
    assert ax.figure.get_facecolor() == ax.get_facecolor() == to_rgba("white")
    texts = [text for text in ax.findobj(Text) if text.get_text()]
    assert {"A title", "x", "y", "a"} <= {text.get_text() for text in texts}
    assert all(sum(to_rgba(text.get_color())[:3]) < 1.5 for text in texts)
    assert to_rgba(ax.get_legend().get_texts()[0].get_color()) == to_rgba(INK)
    assert ax.figure.get_size_inches().tolist() == [3, 2]


def test_without_matplotlib_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lacunar.axes.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"expected Matplotlib, .*pip install 'lacunar\[plot\]'"):
        axes_or_new(None)


def test_a_segment_has_the_colour_that_it_has_in_reports() -> None:
    for group in range(20):
        assert marker(group)[1] == svg_markers.marker(group).colour
    assert len({marker(group) for group in range(56)}) == 56
