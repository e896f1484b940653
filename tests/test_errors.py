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
