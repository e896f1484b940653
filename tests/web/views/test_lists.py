from __future__ import annotations

from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import recommendations_document
from lacunar.web.views.lists import list_controls, shown_list


def test_menus_are_set_as_was_asked(sample_model: TasteModel) -> None:
    asked = ListRequest(k=7, by="segment", genres=("Drama",), first_year=1990)
    found = list_controls(sample_model, asked)
    for menu, chosen in (("recommenders", "segment"), ("genres", "Drama"), ("lengths", "7")):
        assert [option.value for option in found[menu] if option.chosen] == [chosen]
    assert (found["first_year"], found["last_year"]) == ("1990", "")
    assert found["open"]


def test_the_models_own_recommender_is_no_choice_in_an_address(sample_model: TasteModel) -> None:
    found = list_controls(sample_model, ListRequest())
    assert [option.value for option in found["recommenders"] if option.chosen] == [""]
    assert found["recommenders"][0].label == "Personal (the model's own)"
    assert not found["open"]


def test_films_are_those_of_the_document_in_words(sample_model: TasteModel) -> None:
    expected = recommendations_document(sample_model, 4, ListRequest(k=6))["items"]
    films = shown_list(sample_model, 4, ListRequest(k=6))["films"]
    assert [film["title"] for film in films] == [film["title"] for film in expected]
    assert [film["reasons"] for film in films] == [
        [reason["text"] for reason in film["reasons"]] for film in expected
    ]
    assert {film["moved"] for film in films} == {None}


def test_adventure_that_cannot_be_had_is_left_out_and_said_so(sample_model: TasteModel) -> None:
    asked = ListRequest(by="popularity", controls=Controls(adventure=0.5, diversity=0.5))
    found = shown_list(sample_model, 4, asked)
    assert "Adventure" in found["note"]
    plain = shown_list(
        sample_model, 4, ListRequest(by="popularity", controls=Controls(diversity=0.5))
    )
    assert found["films"] == plain["films"]
    assert plain["note"] is None


def test_moves_are_told_since_the_earlier_ratings(sample_model: TasteModel) -> None:
    ids = [str(item) for item in sample_model.ratings.items["item_id"].to_pylist()[:2]]
    before, now = {ids[0]: 5.0}, {ids[0]: 5.0, ids[1]: 5.0}
    films = shown_list(sample_model, now, ListRequest(), before=before)["films"]
    old = [film["title"] for film in shown_list(sample_model, before, ListRequest())["films"]]
    for place, film in enumerate(films):
        if film["title"] not in old:
            assert film["moved"] == "new"
        elif (was := old.index(film["title"])) != place:
            way = "up" if was > place else "down"
            assert film["moved"] == f"{way} {abs(was - place)}"
        else:
            assert film["moved"] is None
