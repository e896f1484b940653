from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import histories_at, histories_of, new_history
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.feedback import content_rows, graded_feedback
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalOptions, PersonalRecommender, design_rows
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.segments.fit import fit_segments


@pytest.fixture(scope="module")
def options() -> PersonalOptions:
    return PersonalOptions(grade=1.1, penalty=20.0, content=1.5, slide=4.0)


@pytest.fixture(scope="module")
def personal(sample_model: TasteModel, options: PersonalOptions) -> PersonalRecommender:
    return PersonalRecommender(sample_model.placer, options).fit(sample_model.ratings)


def test_scores_equal_the_formula(
    sample_model: TasteModel, personal: PersonalRecommender, options: PersonalOptions
) -> None:
    ratings = sample_model.ratings
    x = np.zeros((ratings.n_users, ratings.n_items))
    x[ratings.user, ratings.item] = graded_feedback(ratings.rating, ratings.scale, options.grade)
    rows = np.vstack([x, options.content * content_rows(ratings).toarray()])
    precision = np.linalg.inv(rows.T @ rows + options.penalty * np.eye(ratings.n_items))
    weights = -precision / precision.diagonal()
    np.fill_diagonal(weights, 0)
    belongs = sample_model.segments.responsibilities
    mean = x.mean(axis=0)
    means = (belongs.T @ x + 5 * mean) / (belongs.sum(axis=0) + 5)[:, np.newaxis]
    n = np.diff(ratings.user_starts)[:, np.newaxis] + 5
    w = n / (n + options.slide)
    cautious = sample_model.placer.cautious_responsibilities(histories_of(ratings))
    expected = w * (x @ weights) + (1 - w) * (cautious @ means)
    assert personal.score(histories_of(ratings)) == pytest.approx(expected, abs=1e-9)


def test_content_can_be_left_out(sample_model: TasteModel) -> None:
    ratings = sample_model.ratings
    assert design_rows(ratings, PersonalOptions(content=0)).shape[0] == ratings.n_users
    assert design_rows(ratings, PersonalOptions(content=1)).shape[0] > ratings.n_users


def test_users_without_ratings_get_the_means_of_segments(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    history = new_history(sample_model.ratings, {})
    [parts] = personal.decompose(history, [5])
    assert {part.kind for part in parts} == {"segment", "popularity"}
    weights = sample_model.segments.mixture.weights[0]
    expected = 4 / (5 + 4) * weights @ personal._segment_means[:, 5]
    assert sum(part.value for part in parts) == pytest.approx(expected)


def test_the_weight_of_rated_films_grows_with_their_number(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    ratings = sample_model.ratings
    whole = histories_at(ratings, np.array([0]))
    shares = []
    for n in (1, 4, 16):
        ids = [str(ratings.items["item_id"][item]) for item in whole.item[:n].tolist()]
        history = new_history(ratings, dict.fromkeys(ids, 5.0))
        [parts] = personal.decompose(history, [int(whole.item[-1])])
        shares.append(sum(part.value for part in parts if part.kind == "popularity"))
    mean = personal._overall[whole.item[-1]]
    assert shares == pytest.approx([mean * 4 / (n + 5 + 4) for n in (1, 4, 16)])


def test_reasons_are_the_largest_parts_in_words(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    history = histories_at(sample_model.ratings, np.array([0]))
    best = [int(np.argmax(personal.score(history)))]
    [parts] = personal.decompose(history, best)
    [reasons] = personal.explain(history, best, [parts])
    largest = sorted((part.value for part in parts), reverse=True)[:3]
    assert [reason.value for reason in reasons] == largest
    rated = [reason for reason in reasons if reason.kind == "rated"]
    assert rated
    assert all(reason.text.startswith("you rated ") for reason in rated)


def test_adventure_stays_among_films_linked_to_the_ratings(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    histories = histories_of(sample_model.ratings)
    plain = personal.score(histories)
    for adventure in (0.3, 1.0):
        bold = personal.adventurous(adventure).score(histories)
        assert np.isfinite(bold).all()
        feedback = personal._feedback(histories, personal._weight(histories))
        linked = personal._linked(histories, personal.ease_model.predict(feedback))
        assert (linked.sum(axis=1) >= 100).all()
        gained = bold - (1 - adventure) * plain
        moved = np.flatnonzero((bold != plain).any(axis=1))
        assert len(moved) > 60
        for user in moved[::11].tolist():
            others = gained[user, ~linked[user]]
            assert (others <= gained[user, linked[user]].min() + 1e-12).all()
    assert (personal.adventurous(0.0).score(histories) == plain).all()


def test_scores_with_adventure_split_into_parts(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    history = histories_at(sample_model.ratings, np.array([9]))
    bold = personal.adventurous(0.4)
    scores = bold.score(history)[0]
    items = np.argsort(-scores)[:10].tolist()
    for item, parts in zip(items, bold.decompose(history, items), strict=True):
        assert sum(part.value for part in parts) == pytest.approx(scores[item], abs=1e-9)
        assert [part.kind for part in parts].count("adventure") == 1


def test_more_adventure_moves_further_from_the_plain_list(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    histories = histories_of(sample_model.ratings)

    def first_ten(adventure: float) -> list[set[int]]:
        scores = personal.adventurous(adventure).score(histories)
        scores[histories.user, histories.item] = -np.inf
        return [set(row) for row in np.argsort(-scores, axis=1)[:, :10].tolist()]

    plain = first_ten(0.0)
    shared = [
        np.mean([len(a & b) for a, b in zip(plain, first_ten(bold), strict=True)])
        for bold in (0.1, 0.3, 0.9)
    ]
    assert shared == sorted(shared, reverse=True)
    assert shared[0] > shared[-1] + 1


def test_another_slide_does_not_change_the_fitted_recommender(
    personal: PersonalRecommender,
) -> None:
    changed = personal.with_slide(9.0)
    assert (changed.options.slide, personal.options.slide) == (9.0, 4.0)
    assert changed.ease_model is personal.ease_model


def test_adventure_has_no_effect_with_a_single_segment(sample_ratings: Ratings) -> None:
    config = TasteConfig(min_components=1, max_components=1, n_seeds=1)
    placer = fit_segments(sample_ratings, config).placer(sample_ratings, config)
    personal = PersonalRecommender(placer).fit(sample_ratings)
    histories = histories_of(sample_ratings)
    assert personal.adventurous(0.7).score(histories) == pytest.approx(personal.score(histories))


@pytest.mark.parametrize("stars", [{}, 0.5, 5.0])
def test_adventure_works_with_few_ratings(
    sample_model: TasteModel, stars: float | dict[str, float]
) -> None:
    first = str(sample_model.ratings.items["item_id"][0])
    rated = {first: stars} if isinstance(stars, float) else stars
    history = new_history(sample_model.ratings, rated)
    request = ListRequest(
        k=10**6, by="personal", controls=Controls(adventure=1.0), include_seen=True
    )
    [films] = sample_model.recommend_lists(history, request)
    assert len(films) == request.candidates(sample_model.ratings).allowed.sum()
    assert films[0].score > films[50].score
    assert all(np.isfinite(film.score) for film in films)


def test_a_little_adventure_changes_little(
    sample_model: TasteModel, personal: PersonalRecommender
) -> None:
    histories = histories_of(sample_model.ratings)
    plain, bold = personal.score(histories), personal.adventurous(1e-9).score(histories)
    assert bold == pytest.approx(plain, abs=1e-6)
