from __future__ import annotations

import numpy as np
import pytest

from lacunar.cli.traits.tables import (
    print_classes,
    print_confusions,
    print_counts,
    print_points,
    print_scores,
)
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.evaluate.evaluation import Evaluation, evaluate_answers
from lacunar.traits.evaluate.operating_points import OperatingPoints
from lacunar.traits.model import TraitsModel

SCHEMA = Schema(
    (
        Attribute("coat_or_what_there_is_of_it", ("open", "closed", "[bold]none")),
        Attribute("hat", ("off", "on")),
    ),
    image_column="file",
)


@pytest.fixture
def evaluation() -> Evaluation:
    truth = np.array([[0, -1], [1, -1], [0, -1], [-1, -1]])
    answers = np.array([[0, 0], [1, 1], [1, 1], [2, 0]])
    return evaluate_answers(SCHEMA, truth, answers, np.array([0, 1]))


def row_of(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if name in line)
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_scores_stand_next_to_the_baseline(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    print_scores(evaluation, "Images")
    text = capsys.readouterr().out
    assert text.startswith("Images: 4.\n")
    assert row_of(text, "mean")[1].startswith(".667 (")
    assert row_of(text, "mean")[2] == ".667"
    assert row_of(text, "│ hat") == ["hat", "-", "-", "-", "-"]
    assert row_of(text.partition("balanced")[2], "│ hat")[-2:] == ["0", "4"]
    assert max(map(len, text.splitlines())) <= 80


def test_each_class_has_its_figures(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    print_classes(evaluation)
    assert row_of(capsys.readouterr().out, "closed")[1:] == ["closed", "1", ".500", "1.000", ".667"]


def test_confusions_are_counted(evaluation: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    print_confusions(evaluation)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if "open" in line] == [["0", "open", "1", "1", "."]]
    assert any("[bold]none" in line for line in lines)


def test_operating_points_have_their_means_and_each_output_in_eighty_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = np.linspace(0.2, 0.8, 60).reshape(5, 3, 4)
    figures[:, 1] = np.nan
    print_points(SCHEMA, OperatingPoints((0, 0.25, 0.5, 0.75, 1), 0.75, figures))
    text = capsys.readouterr().out
    assert "The model itself uses tau = 0.75," in text
    mean = figures[2, -1]
    expected = [f"{value:.3f}".removeprefix("0") for value in mean[[0, 1, 3]]]
    assert row_of(text, "│  0.5 │") == ["0.5", *expected]
    assert row_of(text, "│ hat") == ["hat", *["-/-"] * 5]
    first = f"{figures[0, 0, 0]:.2f}/{figures[0, 0, 1]:.2f}".replace("0.", ".")
    assert row_of(text, "coat_or_what")[1] == first
    assert max(map(len, text.splitlines())) <= 80


def test_labels_of_every_part_are_counted(
    people_model: TraitsModel, capsys: pytest.CaptureFixture[str]
) -> None:
    print_counts(people_model)
    text = capsys.readouterr().out
    found = [str(counts[0][1]) for counts in people_model.counts.values()]
    assert row_of(text, "male") == ["", "male", *found]
    assert max(map(len, text.splitlines())) <= 80
