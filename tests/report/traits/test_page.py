import math
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from lacunar import __version__
from lacunar.report.traits.page import traits_report
from lacunar.traits.data.dataset import Intake, LabelledImages
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.explainer import explained_samples
from lacunar.traits.predict.training_samples import augmented_samples

SECTIONS = [
    "summary",
    "scores",
    "points",
    "confidence",
    "confusion",
    "history",
    "labels",
    "network",
    "making",
]
Rows = list[list[str]]


@pytest.fixture(scope="module")
def page(people_model: TraitsModel) -> str:
    return traits_report(people_model)


def cell_text(cell: str) -> str:
    exact = re.fullmatch(r'<data value="([^"]*)">.*</data>', cell)
    return unescape(exact[1] if exact else re.sub(r"<[^>]*>", "", cell))


def rows_of(page: str, caption: str) -> Rows:
    """Cells of the table of a caption, with the machine's number where a cell has one."""
    found = [
        text
        for text in re.findall(r"<table>.*?</table>", page, re.DOTALL)
        if cell_text(re.findall(r"<caption>(.*?)</caption>", text)[0]).startswith(caption)
    ]
    assert len(found) == 1, (caption, len(found))
    rows = re.findall(r"<tr>(.*?)</tr>", found[0].split("<tbody>")[1], re.DOTALL)
    return [[cell_text(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def column(rows: Rows, i: int) -> list[float]:
    return [math.nan if row[i] == "none" else float(row[i].replace(",", "")) for row in rows]


def test_sections_come_in_order_and_the_contents_lead_to_them(page: str) -> None:
    found = re.findall(r'<section id="([^"-]*)"', page)
    assert found == SECTIONS
    anchors = re.findall(r'<a href="#([^"]*)"', page)
    assert set(anchors) <= set(re.findall(r' id="([^"]*)"', page))


@pytest.mark.parametrize("part", ["test", "validation"])
def test_scores_and_their_baseline_are_the_models(
    page: str, people_model: TraitsModel, part: str
) -> None:
    found = people_model.evaluations[part]
    rows = rows_of(page, f"Accuracy and macro F1, {part} images")
    assert [row[0] for row in rows][:2] == ["gender", "torso type"]
    assert column(rows, 1) == pytest.approx(found.scores[:, 0], abs=1e-6)
    assert column(rows, 3) == pytest.approx(found.baseline[:, 0], abs=1e-6)
    assert column(rows, 4) == pytest.approx(found.scores[:, 1], abs=1e-6)
    assert column(rows, 6) == pytest.approx(found.baseline[:, 1], abs=1e-6)
    low, high = found.intervals[0, 0]
    assert rows[0][2] == f"{low:.2f} to {high:.2f}"
    assert column(rows[:-1], 8) == found.unknown.tolist()
    more = rows_of(page, f"Two other figures, {part} images")
    assert column(more, 1) == pytest.approx(found.scores[:, 2], abs=1e-6)
    assert column(more, 4) == pytest.approx(found.scores[:, 3], abs=1e-6)


@pytest.mark.parametrize("part", ["test", "validation"])
def test_every_operating_point_is_told(page: str, people_model: TraitsModel, part: str) -> None:
    points = people_model.operating_points[part]
    rows = rows_of(page, f"Means over the outputs at each operating point, {part} images")
    assert [row[0] for row in rows] == ["0 (as answered)", "0.25", "0.5", "1"]
    for at in range(4):
        assert column(rows, 1 + at) == pytest.approx(points.scores[:, -1, at], abs=1e-6)
    each = rows_of(page, f"Each output at each operating point, {part} images")
    assert [row[0] for row in each[::4]] == [n.replace("_", " ") for n in people_model.schema.names]
    f1 = points.scores[:, :-1, 1].T.ravel()
    assert column(each, 3) == pytest.approx(f1, abs=1e-6)


def test_a_model_without_operating_points_has_no_such_section(people_model: TraitsModel) -> None:
    page = traits_report(replace(people_model, operating_points={}))
    found = re.findall(r'<section id="([^"-]*)"', page)
    assert found == [section for section in SECTIONS if section != "points"]
    assert "#points" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "known labels. Those"),
        ({"logit_adjustment": 1.0}, "classes' shares given back, as if"),
        ({"class_weights": 1.0}, "without the weights that training gives rare ones. Those"),
    ],
)
def test_it_says_what_losses_are_of(
    people_model: TraitsModel, changes: dict[str, float], said: str
) -> None:
    config = people_model.config.model_copy(update=changes)
    assert said in unescape(traits_report(replace(people_model, config=config)))


def test_every_output_has_its_matrix(page: str, people_model: TraitsModel) -> None:
    found = people_model.evaluations["test"]
    for attribute, confusion in zip(found.schema.attributes, found.confusions, strict=True):
        rows = rows_of(page, f"Answers of {attribute.name.replace('_', ' ')}:")
        assert [row[0] for row in rows] == list(attribute.classes)
        assert [[int(cell) for cell in row[1:]] for row in rows] == confusion.tolist()


def test_every_epoch_of_every_output_is_told(page: str, people_model: TraitsModel) -> None:
    history = people_model.history
    for name in people_model.schema.names:
        rows = rows_of(page, f"Epoch by epoch: {name.replace('_', ' ')}")
        for at, part in ((1, "train"), (2, "validation")):
            scores = [getattr(epoch, part) for epoch in history]
            expected = [score.losses[name] for score in scores]
            assert column(rows, at) == pytest.approx(expected, abs=1e-6)
            accuracies = [score.accuracies[name] for score in scores]
            assert column(rows, at + 2) == pytest.approx(accuracies, abs=1e-6)
    total = rows_of(page, "Epoch by epoch: all outputs together")
    assert column(total, 2) == pytest.approx([e.validation.loss for e in history], abs=1e-6)
    assert sum("(kept)" in row[0] for row in total) == 1


def test_labels_are_counted_part_by_part_with_the_unknown(
    page: str, people_model: TraitsModel
) -> None:
    for position, attribute in enumerate(people_model.schema.attributes):
        rows = rows_of(page, f"Labels of {attribute.name.replace('_', ' ')}")
        assert [row[0] for row in rows] == ["unknown", *attribute.classes]
        for at, counts in enumerate(people_model.counts.values(), start=1):
            found = [int(row[at].split(" ")[0]) for row in rows]
            assert found == counts[position].tolist()


def test_the_layers_add_up(page: str, people_model: TraitsModel) -> None:
    rows = rows_of(page, f"{len(people_model.layers)} layers")
    numbers = column(rows, 3)
    assert rows[0][:3] == ["blocks.block1.conv1", "Conv2d", "8 x 40 x 24"]
    assert sum(numbers[:-1]) == numbers[-1]


def test_it_says_how_to_make_it_again(page: str, people_model: TraitsModel) -> None:
    settings = {row[0]: row[1] for row in rows_of(page, "Settings of the fit")}
    assert settings["max_epochs"] == "3"
    assert settings["augmentation.rotation"] == "12.0"
    assert people_model.fingerprint in page
    assert f"lacunar {__version__}, numpy" in page
    assert "TraitsConfig.of_preset(&#39;source&#39;, height=40, width=24, batch=8" in page


def test_the_code_it_prints_makes_it_again(
    page: str, people_directory: Path, made_again: Callable[[str, Path], str]
) -> None:
    assert made_again(page, people_directory) == page


def test_images_are_shown_only_where_they_are_given(
    page: str, people_model: TraitsModel, people: LabelledImages
) -> None:
    assert "<img" not in page
    samples = augmented_samples(people_model, people)
    shown = traits_report(people_model, samples=samples)
    assert shown.count("<img") == 1
    assert "6 training images, each as it is and moved 7 times." in shown
    assert rows_of(shown, "How far an image may be changed")[0] == ["Rotation", "±12°"]
    assert 'href="#samples"' in shown


def test_where_it_looks_is_shown_of_training_images_that_are_given(
    page: str, people_model: TraitsModel, people: LabelledImages
) -> None:
    assert "Where it looks" not in page
    samples = augmented_samples(people_model, people)
    explained = explained_samples(people_model, people, n_images=3)
    shown = traits_report(people_model, samples=samples, explained=explained)
    with_images = [*SECTIONS[:-2], "samples", "looks", *SECTIONS[-2:]]
    assert re.findall(r'<section id="([^"-]*)"', shown) == with_images
    assert '<a href="#looks">Where it looks</a>' in shown
    assert "These 3 are training images" in shown
    assert shown.count("<img") == 1 + 3 * (1 + len(people_model.schema.names))
    only = traits_report(people_model, explained=explained)
    assert re.findall(r'<section id="([^"-]*)"', only) == [*SECTIONS[:-2], "looks", *SECTIONS[-2:]]


def test_images_that_were_not_moved_say_so(people_model: TraitsModel) -> None:
    config = people_model.config.model_copy(update={"augmentation": None})
    still = np.zeros((2, 1, 40, 24, 3), np.uint8)
    page = traits_report(replace(people_model, config=config), samples=still)
    assert "They were not moved in training." in page


def test_without_test_images_validation_stands_in_and_says_so(people_model: TraitsModel) -> None:
    evaluations = {"validation": people_model.evaluations["validation"]}
    model = replace(people_model, evaluations=evaluations)
    page = traits_report(model)
    assert "The data have no test part, so the figures are of the validation images" in page
    assert "mean accuracy, validation" in page
    assert (
        page.count("but chose the epoch, so that scores on new images are probably slightly lower")
        == 2
    )
    config = model.config.model_copy(update={"schedule": "one-cycle"})
    last = traits_report(replace(model, config=config))
    assert last.count("the validation images, which were not used for training.") == 2
    assert "chose the epoch" not in last


def test_a_caveat_and_repeated_rows_are_told(people_model: TraitsModel) -> None:
    intake = {"train": Intake(30, 6, {})}
    page = traits_report(replace(people_model, intake=intake), caveat="A <demo>.")
    assert "A &lt;demo&gt;." in page
    assert "30 rows of the training data, 6 of them for an image named before" in page


def test_hostile_names_are_escaped(people_model: TraitsModel) -> None:
    hostile = "<script>alert(1)</script>"
    first, *others = people_model.schema.attributes
    schema = Schema(
        (Attribute(hostile, (hostile, "b")), *others),
        image_column="file",
    )
    history = tuple(
        replace(
            epoch,
            **{
                part: replace(
                    score,
                    losses={hostile: 1.0, **score.losses},
                    accuracies={hostile: None, **score.accuracies},
                )
                for part, score in (("train", epoch.train), ("validation", epoch.validation))
            },
        )
        for epoch in people_model.history
    )
    evaluations = {
        part: replace(found, schema=schema) for part, found in people_model.evaluations.items()
    }
    page = traits_report(
        replace(people_model, schema=schema, histories=(history,), evaluations=evaluations)
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert first.name not in rows_of(page, "Accuracy and macro F1, test")[0]


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    without_names = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|url\(|@import|<link|<iframe|\ssrc=|\son\w+=", without_names)


def test_the_same_model_gives_the_same_small_page(page: str, people_model: TraitsModel) -> None:
    assert traits_report(people_model) == page
    assert len(page.encode()) < 400_000
