"""The source report's figures, from the ratings it used."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.to_json import recommendations_document, segments_document, user_document

pytestmark = pytest.mark.realdata

GENRE_FILMS = {
    "Action": 1828, "Thriller": 1894, "Drama": 4361, "IMAX": 158, "Film-Noir": 87, "Mystery": 573,
    "Adventure": 1263, "Romance": 1596, "Comedy": 3756, "Children": 664, "Horror": 978,
    "Documentary": 440, "Sci-Fi": 980, "(no genres listed)": 34, "Animation": 611, "Fantasy": 779,
    "Western": 167, "Crime": 1199, "Musical": 334, "War": 382,
}  # fmt: skip

# Means per genre in segments of 31, 22, 356 and 201 users.
SEGMENT_MEANS = """
Action 3.772901 2.493381 3.672905 3.425623
Thriller 3.729827 2.518421 3.742267 3.523692
Drama 3.917985 2.963798 3.845569 3.661561
IMAX 3.820238 2.523202 3.866304 3.651739
Film-Noir 4.097355 2.956315 3.847494 3.579080
Mystery 3.988388 2.892565 3.862573 3.593537
Adventure 3.850692 2.556202 3.711888 3.529562
Romance 3.952662 2.777055 3.729036 3.522824
Comedy 3.909405 2.939068 3.644601 3.448720
Children 3.940564 2.610568 3.679807 3.262530
Horror 3.712230 2.529228 3.654453 3.293507
Documentary 3.962322 2.670285 3.814653 3.617616
Sci-Fi 3.741105 2.394677 3.673297 3.375843
(no genres listed) 3.995974 2.615854 3.764764 3.515299
Animation 4.008374 2.516522 3.788606 3.466486
Fantasy 3.915711 2.672005 3.681292 3.428075
Western 3.976175 3.008027 3.749409 3.526953
Crime 3.901705 2.620940 3.839402 3.704675
Musical 3.818365 2.677069 3.754523 3.486343
War 3.789045 3.214158 3.972436 3.692309
"""


@pytest.fixture(scope="module")
def model(real_tastes: Path) -> TasteModel:
    return fit_taste(read_ratings(real_tastes), TasteConfig.of_preset("source"))


def test_films_per_genre(model: TasteModel) -> None:
    assert model.ratings.films_per_genre == GENRE_FILMS


def test_the_choice_of_k(model: TasteModel) -> None:
    assert model.fit_grid.k_frequency() == {4: 14, 6: 13, 5: 8, 7: 8, 8: 5, 9: 2, 10: 1}
    k = model.fit_grid.n_components.index(4)
    seed = model.agreeing_seeds[0]
    assert len(model.agreeing_seeds) == 13
    assert model.fit_grid.lower_bound[k, seed] == pytest.approx(-3.0997471993499, abs=1e-9)
    assert model.fit_grid.bic[k, seed] == pytest.approx(9700.5224, abs=1e-4)


def test_every_fit_behind_that_choice_is_degenerate_but_one_component(model: TasteModel) -> None:
    k = model.fit_grid.n_components.index(4)
    assert model.fit_grid.degenerate[k].all()
    assert "may be an artefact" in model.criterion


def test_segments_and_their_means(model: TasteModel) -> None:
    segments = segments_document(model)["segments"]
    assert [segment["population"] for segment in segments] == [356, 201, 31, 22]
    for line in SEGMENT_MEANS.strip().splitlines():
        genre, *means = line.rsplit(" ", 4)
        for segment, mean in zip((2, 3, 0, 1), means, strict=True):
            assert segments[segment]["profile"][genre] == pytest.approx(float(mean), abs=6e-7)


@pytest.mark.parametrize(
    ("user", "probability", "items"),
    [
        ("4", 0.9741, [318, 356, 527, 858, 50]),
        ("314", 0.9992, [2571, 2959, 858, 1196, 4993]),
        ("42", 0.8705, [4993, 7153, 4226, 1198, 5952]),
    ],
)
def test_recommendations(
    model: TasteModel, user: str, probability: float, items: list[int]
) -> None:
    found = recommendations_document(model, model.ratings.user_position(user), ListRequest(k=5))
    assert found["segment"] == 0
    assert found["probability"] == pytest.approx(probability, abs=5e-5)
    assert [item["item"] for item in found["items"]] == items


def test_user_profiles_keep_their_gaps(model: TasteModel) -> None:
    four = user_document(model, model.ratings.user_position("4"))["profile"]
    assert four["Action"] == pytest.approx(3.32)
    assert four["Horror"] == 4.25
    assert four["Sci-Fi"] == pytest.approx(2.833333, abs=1e-6)
    fourtytwo = user_document(model, model.ratings.user_position("42"))["profile"]
    assert fourtytwo["IMAX"] == 4.5
    assert fourtytwo["Documentary"] == pytest.approx(4.333333, abs=1e-6)
    last = user_document(model, model.ratings.user_position("314"))["profile"]
    assert last["War"] == pytest.approx(3.714286, abs=1e-6)
    assert last["Film-Noir"] is None
