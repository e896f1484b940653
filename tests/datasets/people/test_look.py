import numpy as np
import pytest

from lacunar.datasets.people.look import draw_look


def looks(labels, n=200):
    return [draw_look(labels, np.random.default_rng(seed)) for seed in range(n)]


def test_sleeves_and_hems_follow_the_labels():
    for look in looks([0, 0, 1, 0, 1, 0]):
        assert look.sleeve > 0.8
        assert look.bottom in {"trousers", "leggings", "long skirt"}
    for look in looks([1, 1, 1, 1, 1, 0]):
        assert look.sleeve < 0.5
        assert look.bottom in {"shorts", "skirt"}


def test_no_coat_hides_bare_legs():
    assert "coat" not in {look.top for look in looks([1, 0, 1, 1, 1, 0])}
    assert "coat" in {look.top for look in looks([1, 0, 1, 0, 1, 0])}


def test_gender_leans_without_deciding():
    men, women = looks([0, 1, 1, 1, 1, 0]), looks([1, 1, 1, 1, 1, 0])
    short = {"short", "bald", "cap"}
    shares = [np.mean([look.hair in short for look in people]) for people in (men, women)]
    assert 0.6 < shares[0] < 0.95
    assert 0.05 < shares[1] < 0.4
    assert np.mean([look.shoulders for look in men]) > np.mean([look.shoulders for look in women])
    assert any(look.bottom == "skirt" for look in women)
    assert not any(look.bottom == "skirt" for look in men)


def test_unknown_gender_is_seen_from_behind_in_cap_or_hood():
    for look in looks([-1, 0, 1, 0, 1, 0]):
        assert look.forward[1] > 0.8
        assert look.hair == "hood"
        assert not look.beard
        assert look.bottom == "trousers"
    assert {look.hair for look in looks([-1, 1, 1, 0, 1, 0])} == {"cap"}


def test_bags_follow_the_label_and_are_of_many_kinds():
    assert {look.bag for look in looks([0, 0, 1, 0, 1, 0])} == {"none"}
    with_bag = {look.bag for gender in (0, 1) for look in looks([gender, 0, 1, 0, 1, 1])}
    assert with_bag == {"backpack", "shoulder", "handbag", "carrier", "briefcase", "suitcase"}


def test_a_bag_is_worn_on_the_side_that_is_seen():
    for look in looks([0, 0, 1, 0, 1, 1]):
        if abs(look.forward[0]) > 0.5:
            assert look.side * look.forward[0] < 0


def test_unknown_luggage_is_a_hidden_side():
    assert all(look.hides_side for look in looks([0, 0, 1, 0, 1, -1]))
    assert not any(look.hides_side for look in looks([0, 0, 1, 0, 1, 1]))


def test_an_unknown_colour_is_a_pattern_of_three_colours():
    for look in looks([0, 0, -1, 0, -1, 0]):
        for cloth in (look.top_cloth, look.bottom_cloth):
            assert cloth.pattern in {"print", "checks", "stripes"}
            assert len({cloth.colour, *cloth.others}) == 3


@pytest.mark.parametrize("gender", [-1, 0, 1])
def test_people_face_all_ways_that_their_label_allows(gender):
    forward = np.array([look.forward for look in looks([gender, 0, 1, 0, 1, 0])])
    np.testing.assert_allclose((forward**2).sum(axis=1), 1)
    assert ((forward[:, 1] < -0.8).any(), (np.abs(forward[:, 0]) > 0.8).any()) == (
        (False, False) if gender == -1 else (True, True)
    )
