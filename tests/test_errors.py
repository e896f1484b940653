from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from lacunar.datasets.download import ConnectionLostError
from lacunar.errors import InputError


def test_bad_input_is_a_value_error() -> None:
    assert issubclass(InputError, ValueError)


def test_a_sentence_is_kept_as_it_is() -> None:
    sentence = "Élan's «film» (映画): expected 'a b', got none"
    assert str(InputError(sentence)) == sentence


@given(st.text(st.characters(blacklist_categories=()), min_size=1))
def test_whatever_it_quotes_it_is_one_printable_line(text: str) -> None:
    for error in (InputError(text), ConnectionLostError(text)):
        assert str(error).isprintable()
        assert len(str(error).splitlines()) == 1
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # its own bytes


@given(st.text(), st.from_regex(r"[a-z_]{1,9}", fullmatch=True))
def test_an_error_says_and_carries_its_field(sentence: str, field: str) -> None:
    error = InputError(sentence, field=field)
    assert error.field == field
    assert str(error) == f"{field}: {InputError(sentence)}"


def test_fields_get_other_names_and_the_rest_stays() -> None:
    error = InputError("expected 0, got 1 in `a b`; `out` or `other` helps", field="refit")
    renamed = error.renamed({"refit": "--refit", "out": "-o"})
    assert str(renamed) == "--refit: expected 0, got 1 in `a b`; -o or `other` helps"
    assert str(error.renamed({})) == str(error)
