"""The one exception for input that a person can mend."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, told in one sentence: what was expected, what came, and where.

    The command line prints the sentence and exits with status 2.

    Examples
    --------
    >>> raise InputError("expected a column 'rating', got 'userId,movieId'")
    Traceback (most recent call last):
    lacunar.errors.InputError: expected a column 'rating', got 'userId,movieId'
    """
