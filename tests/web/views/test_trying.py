from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.web.list_requests import ratings_of
from lacunar.web.views.tastes import TasteViews
from lacunar.web.views.trying import PATH, Trying, star_options, trying_view


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=6).filter(lambda item: item == item.strip()),
        st.sampled_from([0.5, 3.0, 5.0]),
        max_size=4,
    ),
    st.text(max_size=8).map(str.strip),
)
def test_the_address_holds_the_whole_state_in_order(stars: dict[str, float], q: str) -> None:
    trying = Trying(stars, q, ListRequest(k=5))
    path, _, query = trying.path.partition("?")
    assert path == PATH
    pairs = parse_qsl(query, keep_blank_values=True)
    assert pairs == trying.query()
    found = ratings_of([value for name, value in pairs if name == "rate"])
    assert list(found.items()) == list(stars.items())


def test_the_latest_rating_is_the_last() -> None:
    trying = Trying({"1": 5.0, "2": 3.0}, "", ListRequest())
    assert trying.before == {"1": 5.0}
    assert trying.without("1").query() == [("rate", "2:3")]
    assert Trying({}, "", ListRequest()).before is None
    assert Trying({}, "", ListRequest()).path == PATH


def test_menus_offer_the_scale_and_no_rating() -> None:
    values = [option.value for option in star_options(RatingScale(), "7")]
    assert values == ["", *(f"7:{stars / 2:g}" for stars in range(10, 0, -1))]
    assert star_options(RatingScale(), "7")[0].chosen


def test_a_fine_scale_gets_a_short_menu_with_the_chosen_rating() -> None:
    scale = RatingScale(0, 100, 0.5)
    options = star_options(scale, "7", chosen=33.5)
    assert len(options) <= 23
    assert [option.value for option in options if option.chosen] == ["7:33.5"]
    assert all(scale.allows(float(option.value[2:])) for option in options[1:])


def test_ratings_that_are_none_are_refused(sample_model: TasteModel) -> None:
    views = TasteViews(sample_model)
    for stars in ({"none": 4.0}, {str(sample_model.ratings.items["item_id"][0]): 9.0}):
        with pytest.raises(InputError):
            trying_view(views, Trying(stars, "", ListRequest()))


def test_a_profile_is_shown_once_something_is_known(sample_model: TasteModel) -> None:
    views, item = TasteViews(sample_model), str(sample_model.ratings.items["item_id"][0])
    assert trying_view(views, Trying({}, "", ListRequest()))["profile"] is None
    profile = trying_view(views, Trying({item: 4.0}, "", ListRequest()))["profile"]
    genres = sample_model.ratings.genres_of_items[0]
    rated = [row[0] for row in profile["table"].rows if row[2] == "1"]
    assert rated == genres
