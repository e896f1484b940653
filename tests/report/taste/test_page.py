import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from lacunar import __version__
from lacunar.report.taste.page import taste_report
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.histories import histories_at
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest

SECTIONS = ["summary", "films", "choice", "segments", "map", "samples", "users", "making"]


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def tables(page: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Captions, and rows of cells with the machine's number where a cell has one."""
    for text in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        caption = cell_text(re.findall(r"<caption>(.*?)</caption>", text, re.DOTALL)[0])
        body = text.split("<tbody>")[1]
        rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
        yield (
            caption,
            [[cell_text(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows],
        )


def cell_text(cell: str) -> str:
    exact = re.fullmatch(r'<data value="([^"]*)">.*</data>', cell)
    return unescape(exact[1] if exact else re.sub(r"<[^>]*>", "", cell))


def rows_of(page: str, caption: str) -> list[list[str]]:
    found = [rows for name, rows in tables(page) if name.startswith(caption)]
    assert len(found) == 1, (caption, len(found))
    return found[0]


def number(text: str) -> float:
    return math.nan if text == "no rating" else float(text.replace(",", ""))


def column(rows: list[list[str]], i: int) -> list[float]:
    return [number(row[i]) for row in rows]


def test_sections_come_in_order_and_the_contents_lead_to_them(page: str) -> None:
    found = [anchor for anchor in re.findall(r'<section id="([^"]*)"', page) if anchor in SECTIONS]
    assert found == SECTIONS
    anchors = re.findall(r'<a href="#([^"]*)"', page)
    ids = re.findall(r' id="([^"]*)"', page)
    assert set(anchors) <= set(ids)
    assert len(ids) == len(set(ids))


def test_every_figure_parses_and_says_what_it_shows_and_has_a_table_after_it(page: str) -> None:
    parts = page.split("<figure>")[1:]
    assert len(parts) > 5
    for part in parts:
        svg = parse(re.findall(r"<svg.*?</svg>", part, re.DOTALL)[0])
        title, desc = list(svg)[:2]
        assert title.tag.endswith("title")
        assert title.text
        assert desc.tag.endswith("desc")
        assert desc.text
        after = part.split("</figure>")[1]
        assert "<table>" in after
        assert "<svg" not in after


def test_no_text_of_a_figure_is_below_eleven_pixels(page: str) -> None:
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', page)]
    assert sizes
    assert min(sizes) >= 11


def test_films_per_genre_are_the_models_largest_first(page: str, model: TasteModel) -> None:
    rows = rows_of(page, "Films per genre")
    assert {row[0]: number(row[1]) for row in rows} == model.ratings.films_per_genre
    assert column(rows, 1) == sorted(column(rows, 1), reverse=True)


def test_the_choice_of_k_is_the_models(page: str, model: TasteModel) -> None:
    votes = rows_of(page, "Seeds whose lowest BIC")
    frequency = model.fit_grid.k_frequency()
    assert column(votes, 1) == [frequency.get(k, 0) for k in model.fit_grid.n_components]
    assert [row[0] for row in votes if "chosen" in row[0]] == [
        f"{model.segments.n_segments} (chosen)"
    ]
    fit_grid, fits = model.fit_grid, rows_of(page, "4 fits of each K")
    assert column(fits, 1) == pytest.approx(fit_grid.bic.min(axis=1))
    assert column(fits, 2) == pytest.approx(np.median(fit_grid.bic, axis=1))
    assert column(fits, 3) == pytest.approx(fit_grid.icl.min(axis=1))
    assert column(fits, 4) == pytest.approx(fit_grid.agreement)
    assert column(fits, 5) == fit_grid.degenerate.sum(axis=1).tolist()
    assert f"{len(model.agreeing_seeds)} of 4 seeds agree" in page


def test_populations_and_their_shares_are_the_models(page: str, model: TasteModel) -> None:
    rows = rows_of(page, "Users of each segment")
    assert column(rows, 1) == model.segments.populations.tolist()
    assert sum(column(rows, 2)) == pytest.approx(1, abs=1e-5)


def test_mean_ratings_are_the_models(page: str, model: TasteModel) -> None:
    segments = model.segments
    rows = rows_of(page, "Mean rating of each genre by segment")
    assert [row[0] for row in rows] == list(model.ratings.genres)
    for k in range(segments.n_segments):
        assert column(rows, k + 1) == pytest.approx(segments.profiles[k], abs=1e-6)
        part = rows_of(page, f"Genre means of {segments.names[k]}")
        assert column(part, 1) == pytest.approx(segments.known_profiles[k], abs=1e-6, nan_ok=True)
        assert column(part, 2) == segments.known_users[k].tolist()
        assert column(part, 3) == pytest.approx(np.nanmean(model.profiles.means, axis=0), abs=1e-6)
        assert column(part, 4) == pytest.approx(segments.profiles[k], abs=1e-6)


def test_the_map_counts_its_users(page: str, model: TasteModel) -> None:
    rows = rows_of(page, "Users on the map")
    assert column(rows, 1) == model.segments.populations.tolist()
    assert f"All {model.ratings.n_users} users" in page


def test_a_map_of_some_users_says_so(ratings: Ratings) -> None:
    config = TasteConfig(max_components=2, n_seeds=1, map_users=20)
    assert "A sample: 20 of 60 users" in taste_report(fit_taste(ratings, config), sample_users=0)


def test_users_are_named_by_id_the_asked_ones_first(
    page: str, model: TasteModel, user_with_gap: int
) -> None:
    rows = rows_of(page, "Probability of belonging")
    assert rows[0][:2] == [f"User {model.ratings.users[user_with_gap]}", "asked for"]
    drawn = [
        user
        for k in range(model.segments.n_segments)
        for user in model.segments.sample_members(k, 2, model.config.seed).tolist()
        if user != user_with_gap
    ]
    assert [row[0] for row in rows[1:]] == [f"User {model.ratings.users[user]}" for user in drawn]
    for row, user in zip(rows, [user_with_gap, *drawn], strict=True):
        expected = model.segments.responsibilities[user]
        assert [number(cell) for cell in row[3:]] == pytest.approx(expected, rel=1e-5)


def test_a_gap_of_a_user_is_no_rating_in_table_and_figure(
    page: str, model: TasteModel, user_with_gap: int
) -> None:
    name = f"User {model.ratings.users[user_with_gap]}"
    rows = rows_of(page, f"Genre means of {name}")
    means, counts = model.profiles.means[user_with_gap], model.profiles.counts[user_with_gap]
    assert [row[1] == "no rating" for row in rows] == np.isnan(means).tolist()
    assert column(rows, 1) == pytest.approx(means, abs=1e-6, nan_ok=True)
    assert column(rows, 2) == counts.tolist()
    figure = page.partition(f"<title>Genre profile of {name}</title>")[2].partition("</svg>")[0]
    assert figure.count(">no rating</text>") == np.isnan(means).sum() > 0


def test_recommendations_are_the_recommenders(
    page: str, model: TasteModel, user_with_gap: int
) -> None:
    start = f'<section id="user-at-{user_with_gap}">'
    part = page.partition(start)[2].partition("</section>")[0]
    history = histories_at(model.ratings, np.array([user_with_gap]))
    [expected] = model.recommend_lists(history, ListRequest(k=5))
    titles = [unescape(t) for t in re.findall(r"<strong>(.*?)</strong>", part)]
    assert titles == [model.ratings.items["title"][found.item].as_py() for found in expected]
    for found in expected:
        assert f'Score <data value="{found.score:.10g}"' in part
        for reason in found.reasons:
            assert reason.text in unescape(part)


def test_what_was_left_out_on_reading_is_counted(page: str) -> None:
    assert "2 rows that rate 2 films the catalogue lacks" in page
    assert "rows that a later rating" not in page


def test_the_summary_says_what_a_mixture_saw(ratings: Ratings, page: str) -> None:
    assert "the mean of the user&#39;s own genre means" in page
    zero = TasteConfig.of_preset("source", max_components=1, n_seeds=1, gaps="zero")
    assert "zero, which reads as the worst rating" in taste_report(fit_taste(ratings, zero))
    kept = taste_report(fit_taste(ratings, TasteConfig(max_components=2, n_seeds=2)))
    assert "nothing is filled in" in kept
    assert "share of ratings in each period of years" in kept
    assert "counts as less sure" in kept


def test_shares_of_genres_and_periods_are_those_of_members(page: str, model: TasteModel) -> None:
    shares = model.profiles.shares
    rows = rows_of(page, "Share of ratings by genre")
    for segment in range(model.segments.n_segments):
        expected = shares[model.segments.members(segment)].mean(axis=0)
        assert column(rows, 1 + segment) == pytest.approx(expected.tolist(), abs=1e-6)
    assert [row[0] for row in rows_of(page, "Share of ratings by period")] == list(
        model.periods.periods
    )


def test_it_says_how_to_make_it_again(page: str, model: TasteModel, user_with_gap: int) -> None:
    settings = {row[0]: row[1] for row in rows_of(page, "Settings of the fit")}
    assert list(settings) == list(TasteConfig.model_fields)
    assert (settings["max_components"], settings["n_seeds"]) == ("3", "4")
    assert fingerprint(model.ratings) in page
    assert f"lacunar {__version__}" in page
    assert "TasteConfig(preset=&#39;source&#39;" in page
    assert f"taste_report(model, users=[{user_with_gap}], sample_users=2, top=5)" in page


def test_the_code_it_prints_makes_it_again(
    page: str, tastes: Path, made_again: Callable[[str, Path], str]
) -> None:
    assert made_again(page, tastes) == page


def test_a_hostile_title_and_genre_are_escaped(model: TasteModel) -> None:
    everybody = range(model.ratings.n_users)
    page = taste_report(model, users=everybody, top=model.ratings.n_items)
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page
    assert "<b>War" not in page
    assert "&lt;b&gt;War&lt;/b&gt;" in page


def test_the_page_loads_nothing(page: str) -> None:
    without_names = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(
        r"https?://|url\(|@import|<link|<img|<iframe|\ssrc=|\son\w+=", without_names
    )


def test_the_same_model_gives_the_same_bytes(model: TasteModel, ratings: Ratings) -> None:
    again = fit_taste(ratings, model.config)
    assert taste_report(model) == taste_report(model) == taste_report(again)


def test_it_is_small(page: str) -> None:
    assert len(page.encode()) < 300_000


def test_nobody_sampled_and_nothing_recommended_is_said_in_words(model: TasteModel) -> None:
    page = taste_report(model, users=[0], sample_users=0, top=0)
    assert len(rows_of(page, "Probability of belonging")) == 1
    assert "No film is left that the user has not rated" in page


@pytest.mark.parametrize("user", [-1, 60])
def test_a_position_of_nobody_is_refused(model: TasteModel, user: int) -> None:
    with pytest.raises(ValueError, match=f"expected positions of users from 0 to 59, got {user}"):
        taste_report(model, users=[user])
