"""Films by words of their titles, whatever the case and accents."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`]")
_WORD = re.compile(r"\w+")
# "Wall-E", "E.T.": found by their parts and as one word.
_JOINED = re.compile(r"\w+(?:[-.\u00b7]\w+)+")
_YEAR_AT_END = re.compile(r"\(\d{4}\)\s*$")
# A title with the word itself comes before one that goes on, unless that is so much better known.
_WHOLE = 4.0
# More words than anybody remembers of a title.
_MAX_WORDS = 12
_LAST = chr(0x10FFFF)


def plain_words(text: str) -> list[str]:
    """Split into words without case, accents and apostrophes.

    Examples
    --------
    >>> plain_words("Amélie (Le fabuleux destin d'Amélie Poulain)")
    ['amelie', 'le', 'fabuleux', 'destin', 'damelie', 'poulain']
    """
    return _WORD.findall(_plain(text))


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_PLAIN)


class TitleIndex:
    """Finds titles by whole words and by beginnings of words.

    Words are kept in order of the alphabet, each with the titles it is in, so that all words with
    one beginning stand side by side.

    Parameters
    ----------
    titles : sequence of str
        Length I.
    popularity : ndarray of shape (I,)
        Which of two titles that match as well comes first: the higher.

    Examples
    --------
    >>> index = TitleIndex(["Alien (1979)", "Aliens (1986)", "Été (1999)"], np.array([5, 9, 1]))
    >>> index.find("alien", 5), index.find("ETE", 5), index.find("1986 al", 5)
    ([0, 1], [2], [1])
    """

    def __init__(self, titles: Sequence[str], popularity: NDArray[np.integer]) -> None:
        self._popularity = popularity
        self._lengths = np.zeros(len(titles), dtype=np.int64)
        places: dict[str, list[int]] = {}
        for place, title in enumerate(titles):
            self._lengths[place] = len(set(plain_words(_YEAR_AT_END.sub("", title))))
            for word in _indexed(title):
                places.setdefault(word, []).append(place)
        self._words = sorted(places)
        self._starts = np.cumsum([0, *(len(places[word]) for word in self._words)])
        self._places = np.array([p for word in self._words for p in places[word]], dtype=np.intp)

    def find(self, query: str, n: int) -> list[int]:
        """At most n positions of titles that have every word of the query, best first.

        A word of the query stands for itself and for longer words that begin with it. Titles of
        these words and no others come first, then more popular ones; each word that is only the
        beginning of the title's makes that a quarter as popular. Nothing is found where the
        query has no word, or more than 12.

        Parameters
        ----------
        query : str
        n : int
        """
        words = list(dict.fromkeys(plain_words(query)))
        if not words or len(words) > _MAX_WORDS:
            return []
        whole = np.zeros(len(self._popularity), dtype=np.int64)
        matched = np.ones(len(self._popularity), dtype=bool)
        for word in words:
            low = bisect_left(self._words, word)
            high = bisect_left(self._words, word + _LAST, low)
            found = np.zeros_like(matched)
            found[self._places[self._starts[low] : self._starts[high]]] = True
            matched &= found
            if low < high and self._words[low] == word:
                whole[self._places[self._starts[low] : self._starts[low + 1]]] += 1
        titles = np.flatnonzero(matched)
        exact = whole[titles] >= np.maximum(self._lengths[titles], 1)
        known = (self._popularity[titles] + 1) * _WHOLE ** (whole[titles] - len(words))
        order = np.lexsort((titles, -known, ~exact))
        return [int(title) for title in titles[order[:n]]]


def _indexed(title: str) -> set[str]:
    """Words a title is found by: its own, and those it joins, as one."""
    plain = _plain(title)
    joined = ("".join(_WORD.findall(match)) for match in _JOINED.findall(plain))
    return {*_WORD.findall(plain), *joined}
