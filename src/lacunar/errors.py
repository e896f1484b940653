"""The one exception for bad input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

_NAMED = re.compile(r"`(\w+)`")
# Sentences of many errors that are shown.
_SHOWN = 10


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


def all_in_one(errors: Sequence[InputError], what: str) -> InputError:
    """Join errors into one, with the first ten sentences and the number of all.

    Parameters
    ----------
    errors : sequence of InputError
        At least one; a single one stays as it is.
    what : str
        What the errors are about, in the plural.

    Examples
    --------
    >>> errors = [InputError(f"{n}.png: expected an image, got none") for n in range(12)]
    >>> str(all_in_one(errors, "images that can be read"))[:68]
    'expected images that can be read, got 12 errors: 0.png: expected an '
    >>> str(all_in_one(errors, "images that can be read"))[-46:]
    '9.png: expected an image, got none; and 2 more'
    """
    if len(errors) == 1:
        return errors[0]
    shown = [str(error) for error in errors[:_SHOWN]]
    more = [f"and {len(errors) - _SHOWN} more"] if len(errors) > _SHOWN else []
    return InputError(f"expected {what}, got {len(errors)} errors: {'; '.join(shown + more)}")


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
