"""The one exception for input that a person can mend."""

from __future__ import annotations


class InputError(ValueError):
    r"""Bad input, told in one sentence: what was expected, what came, and where.

    The command line prints the sentence and exits with status 2. It is one line that steers no
    terminal, whatever the file it quotes: signs that cannot be printed are spelled out.

    Examples
    --------
    >>> raise InputError("expected a column 'rating', got 'userId,movieId'")
    Traceback (most recent call last):
    lacunar.errors.InputError: expected a column 'rating', got 'userId,movieId'
    >>> print(InputError("a\x1b.csv: expected rows of text"))
    a\x1b.csv: expected rows of text
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(map(_printable, sentence)))


def _printable(sign: str) -> str:
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode()
