"""Nouns of the rated items."""

import pytest

from lacunar.errors import InputError
from lacunar.taste.data.item_noun import ItemNoun


def test_the_plural_is_the_singular_with_an_s_unless_it_is_given():
    assert ItemNoun("wine").plural == "wines"
    assert ItemNoun("dress", "dresses").plural == "dresses"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 boxes"), (1, "1 box"), (2, "2 boxes"), (12_345, "12,345 boxes")]
)
def test_counts_take_the_form_that_their_number_needs(number, text):
    assert ItemNoun("box", "boxes").counted(number) == text


@pytest.mark.parametrize(
    ("noun", "text"), [("item", "an item"), ("Album", "an Album"), ("wine", "a wine")]
)
def test_the_article_follows_the_first_letter(noun, text):
    assert ItemNoun(noun).with_article == text


@pytest.mark.parametrize("noun", ["", " ", " wine", "wi\nne", "\x1b[1m", "w" * 41])
def test_nouns_that_cannot_be_shown_are_refused(noun):
    with pytest.raises(InputError, match="noun: expected a noun of 1 to 40 characters, got"):
        ItemNoun(noun)


def test_the_plural_is_named_where_it_is_at_fault():
    with pytest.raises(InputError, match="plural: expected a noun"):
        ItemNoun("box", "boxes\n")
