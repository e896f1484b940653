from __future__ import annotations

from html import escape
from importlib import import_module
from inspect import isabstract, isclass
from typing import Any

import pytest

import lacunar
from lacunar.report import Entry, picture
from lacunar.reprs import MAX_LENGTH, html_table, short_repr
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate import evaluate_recommenders, random_split
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend import Controls, ListRequest, histories_of

PACKAGES = ("", ".mixture", ".taste.evaluate", ".taste.recommend", ".report", ".datasets")
#: Public classes that nobody makes objects of.
WITHOUT_OBJECTS = {"Recommender"}


@pytest.fixture(scope="module")
def taste_objects(sample_model: TasteModel, sample_ratings: Ratings) -> dict[str, Any]:
    """An object of each public class, by the name of the class."""
    user = sample_ratings.users[0].as_py()
    [[film]] = sample_model.recommend_lists(histories_of(sample_ratings, user), ListRequest(k=1))
    objects = [
        sample_model,
        sample_ratings,
        sample_ratings.scale,
        sample_model.config,
        lacunar.compare_taste(sample_model, sample_model),
        sample_model.segments,
        sample_model.fit_grid,
        histories_of(sample_ratings),
        ListRequest(allow=tuple(map(str, range(1000)))),
        Controls(),
        film,
        film.parts,
        film.reasons[0],
        random_split(sample_ratings, seed=0),
        evaluate_recommenders(sample_ratings, ["popularity", "segment"], seeds=[0]),
        picture(sample_model, "map"),
        Entry("Tastes", "Segments of users.", "tastes.html"),
        lacunar.GaussianMixture(3),
        lacunar.GaussianMixtureImputer(3),
        lacunar.TasteRecommender("segment"),
        lacunar.compare_taste(sample_model, sample_model),
        lacunar.InputError("expected a file, got none", field="source"),
    ]
    return {type(one).__name__: one for one in objects}


def test_every_public_object_is_one_short_line(taste_objects: dict[str, Any]) -> None:
    for name, one in taste_objects.items():
        assert len(repr(one)) < 200, name
        assert "\n" not in repr(one), name


def test_no_public_class_is_left_out(taste_objects: dict[str, Any]) -> None:
    public = {
        name
        for package in PACKAGES
        for name, one in vars_of(f"lacunar{package}").items()
        if isclass(one) and not isabstract(one) and "traits" not in one.__module__
    }
    assert public - WITHOUT_OBJECTS <= set(taste_objects)


def vars_of(module: str) -> dict[str, Any]:
    package = import_module(module)
    return {name: getattr(package, name) for name in package.__all__}


def test_a_model_says_what_it_holds(sample_model: TasteModel) -> None:
    n = sample_model.segments.n_segments
    assert repr(sample_model).startswith(f"<TasteModel: {n} segments, 120 users, 300 films, ")


@pytest.mark.parametrize("name", ["TasteModel", "Ratings", "Comparison"])
def test_a_notebook_shows_a_table(name: str, taste_objects: dict[str, Any]) -> None:
    html = taste_objects[name]._repr_html_()
    assert html.startswith("<table><caption")
    assert len(html) < 5000


def test_the_table_of_a_model_has_a_row_per_segment(sample_model: TasteModel) -> None:
    html = sample_model._repr_html_()
    assert html.count("<tr>") == 1 + sample_model.segments.n_segments
    assert all(f">{escape(name)}</td>" in html for name in sample_model.segments.names)


def test_the_table_of_a_comparison_has_the_means(taste_objects: dict[str, Any]) -> None:
    comparison = taste_objects["Comparison"]
    ndcg = comparison.summary()["segment"]["ndcg@10"]
    assert f"{ndcg.mean:.3f} ({ndcg.low:.3f} to {ndcg.high:.3f})" in comparison._repr_html_()


def test_a_config_prints_what_makes_it_again() -> None:
    for config in (TasteConfig(), TasteConfig(max_components=6, view="means")):
        assert eval(repr(config)) == config  # noqa: S307 - the text of a config of this test
    assert repr(TasteConfig(max_components=6)) == "TasteConfig(max_components=6)"


def test_a_long_text_is_cut_and_keeps_one_line() -> None:
    text = short_repr("Ratings", ["two\nlines", "x" * 1000])
    assert text.startswith("<Ratings: two lines, xxx")
    assert text.endswith("…>")
    assert "\n" not in text
    assert len(text) <= MAX_LENGTH + len("<Ratings: >")


def test_an_object_without_facts_is_its_name() -> None:
    assert short_repr("Histories", []) == "<Histories>"


def test_numbers_are_aligned_to_the_right_and_texts_to_the_left() -> None:
    table = html_table("Counts", [], [["a", "1,200", "44%", "1 network"]])
    assert table.count("<td>") == 2
    assert '<td style="text-align: left">1 network</td>' in table
    assert "<thead>" not in table


def test_every_text_of_a_table_is_escaped() -> None:
    table = html_table("<b>", ["<i>"], [["<u>", "<s>"]])
    assert not any(tag in table for tag in ("<b>", "<i>", "<u>", "<s>"))
    assert all(f"&lt;{tag}&gt;" in table for tag in "bius")
