"""The one exception for bad input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_NAMED = re.compile(r"`(\w+)`")


class InputError(ValueError):
    r"""Bad input, in one sentence: what was expected, what came, and where.

    The command line prints the sentence and exits with status 2. Characters that cannot be printed
    are escaped, so that quoted data cannot control a terminal or add a line.

    Parameters
    ----------
    sentence : str
        Names other arguments in backticks.
    field : str, optional
        Name of the argument at fault. The message begins with it.

    Examples
    --------
    >>> raise InputError("expected a column 'rating', got 'userId,movieId'")
    Traceback (most recent call last):
    lacunar.errors.InputError: expected a column 'rating', got 'userId,movieId'
    >>> print(InputError("expected 0 to 1, got 2; `by` chooses the recommender", field="adventure"))
    adventure: expected 0 to 1, got 2; `by` chooses the recommender
    >>> print(InputError("a\x1b.csv: expected rows of text"))
    a\x1b.csv: expected rows of text
    """

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        self.sentence = "".join(map(_printable, sentence))
        self.field = field
        super().__init__(f"{field}: {self.sentence}" if field else self.sentence)

    def renamed(self, names: Mapping[str, str]) -> InputError:
        """The same error with arguments under other names, such as a command's options.

        Examples
        --------
        >>> error = InputError("expected 0 to 1; see `by`", field="adventure")
        >>> print(error.renamed({"adventure": "--adventure", "by": "--by"}))
        --adventure: expected 0 to 1; see --by
        """
        sentence = renamed(self.sentence, names)
        return InputError(sentence, field=self.field and names.get(self.field, self.field))


def renamed(sentence: str, names: Mapping[str, str]) -> str:
    """Replace arguments in backticks by other names, such as a command's options.

    Examples
    --------
    >>> renamed("no rating is above `liked_above`", {"liked_above": "--liked-above"})
    'no rating is above --liked-above'
    """
    return _NAMED.sub(lambda named: names.get(named[1], named[0]), sentence)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that suggests the most similar of some names, if any is.

    Examples
    --------
    >>> did_you_mean("comedy", ["Comedy", "Crime"]), did_you_mean("x", ["Comedy"])
    ("; did you mean 'Comedy'?", '')
    """
    folded = {other.casefold(): other for other in names}
    similar = get_close_matches(name.casefold(), folded, n=1)
    return f"; did you mean {folded[similar[0]]!r}?" if similar else ""


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
