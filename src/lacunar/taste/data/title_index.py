"""Search for films by words of their titles, without case and accents."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.data.catalogue import YEAR_AT_END

# Letters that Unicode does not decompose into a base letter and an accent.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`]")
_WORD = re.compile(r"\w+")
# "Wall-E", "E.T.": can be found by their parts and as one word.
_JOINED = re.compile(r"\w+(?:[-.\u00b7]\w+)+")
_YEAR_AT_END = re.compile(YEAR_AT_END)
# A title with the whole word ranks before one where the word goes on, unless the latter is this
# many times as popular.
_WHOLE = 4.0
# Longer queries find nothing, so that a search stays fast.
_MAX_WORDS = 12
_LAST = chr(0x10FFFF)


def plain_words(text: str) -> list[str]:
    """Split text into words without case, accents and apostrophes.

    Examples
    --------
    >>> plain_words("Amélie (Le fabuleux destin d'Amélie Poulain)")
    ['amelie', 'le', 'fabuleux', 'destin', 'damelie', 'poulain']
    """
    return _WORD.findall(_plain(text))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_PLAIN)


class TitleIndex:
    """Finds titles by whole words and by prefixes of words.

    An inverted index: words in alphabetical order, each with its titles, so that words with the
    same prefix are neighbours.

    Parameters
    ----------
    titles : sequence of str
        Length I.
    popularity : ndarray of shape (I,)
        Of two titles that match equally well, the more popular one comes first.

    Examples
    --------
    >>> index = TitleIndex(["Alien (1979)", "Aliens (1986)", "Été (1999)"], np.array([5, 9, 1]))
    >>> index.find("alien", 5), index.find("ETE", 5), index.find("1986 al", 5)
    ([0, 1], [2], [1])
    """

    def __init__(self, titles: Sequence[str], popularity: NDArray[np.integer]) -> None:
        self._popularity = popularity
        self._lengths = np.zeros(len(titles), dtype=np.int64)
        positions: dict[str, list[int]] = {}
        for position, title in enumerate(titles):
            self._lengths[position] = len(set(plain_words(_YEAR_AT_END.sub("", title))))
            for word in _indexed(title):
                positions.setdefault(word, []).append(position)
        self._words = sorted(positions)
        self._starts = np.cumsum([0, *(len(positions[word]) for word in self._words)])
        self._positions = np.array(
            [position for word in self._words for position in positions[word]], dtype=np.intp
        )

    def find(self, query: str, n: int) -> list[int]:
        """Positions of at most n titles that match every word of the query, best first.

        A word of the query matches itself and longer words that begin with it. Titles that consist
        of the query's words only come first. The others are ordered by popularity, which counts a
        quarter for each word that matches only as a prefix. A query without words, or with more
        than 12, finds nothing.

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
            has_word = np.zeros_like(matched)
            has_word[self._positions[self._starts[low] : self._starts[high]]] = True
            matched &= has_word
            if low < high and self._words[low] == word:
                whole[self._positions[self._starts[low] : self._starts[low + 1]]] += 1
        titles = np.flatnonzero(matched)
        exact = whole[titles] >= np.maximum(self._lengths[titles], 1)
        popularity = (self._popularity[titles] + 1) * _WHOLE ** (whole[titles] - len(words))
        order = np.lexsort((titles, -popularity, ~exact))
        return [int(title) for title in titles[order[:n]]]


def _indexed(title: str) -> set[str]:
    """Index words of a title: its words, and compounds such as "Wall-E" as one word."""
    plain = _plain(title)
    joined = ("".join(_WORD.findall(match)) for match in _JOINED.findall(plain))
    return {*_WORD.findall(plain), *joined}
