"""Tables of a page, and the formats of their numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

NO_RATING = Markup('<span class="gap">no rating</span>')


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows.

    Parameters
    ----------
    caption : str
    columns : tuple of str
    rows : tuple of tuple of str
        As many cells as columns; text is escaped by the page, markup is not.
    text_columns : frozenset of int
        Columns of text; the others, except the first, hold numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: frozenset[int]


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    text_columns: Collection[int] = (),
) -> Table:
    """Build a table from any sequences.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than there are columns.

    Examples
    --------
    >>> table("Films", ["Genre", "Films"], [["War", count(1382)]]).rows
    (('War', '1,382'),)
    """
    cells = tuple(tuple(row) for row in rows)
    for row in cells:
        if len(row) != len(columns):
            raise ValueError(f"expected {len(columns)} cells in each row, got {len(row)}: {row}")
    return Table(caption, tuple(columns), cells, frozenset(text_columns))


def count(value: int) -> str:
    """Format a whole number.

    Examples
    --------
    >>> count(100836)
    '100,836'
    """
    return f"{value:,}"


def stars(value: float) -> Markup:
    """Format a mean rating: two decimals shown, six in ``<data>``; "no rating" for NaN.

    Examples
    --------
    >>> print(stars(3.772901), stars(float("nan")))
    <data value="3.772901">3.77</data> <span class="gap">no rating</span>
    """
    return NO_RATING if math.isnan(value) else _data(f"{value:.6f}", f"{value:.2f}")


def probability(value: float) -> Markup:
    """Format a probability with three decimals; only exact 0 and 1 are shown as such.

    Examples
    --------
    >>> print(probability(0.97412).striptags(), probability(1e-9).striptags())
    0.974 <0.001
    """
    if 0 < value < 0.0005:
        text = "<0.001"
    elif 0.9995 <= value < 1:
        text = ">0.999"
    else:
        text = f"{value:.3f}"
    return _data(f"{value:.6g}", text)


def percent(share: float) -> Markup:
    """Format a share as a percentage with one decimal.

    Examples
    --------
    >>> percent(0.0169).striptags()
    '1.7 %'
    """
    return _data(f"{share:.6g}", f"{100 * share:.1f}\N{NO-BREAK SPACE}%")


def percent_of(part: int, total: int) -> str:
    r"""Format a count as a whole percentage of a total, which may be 0.

    Examples
    --------
    >>> percent_of(2, 3), percent_of(0, 0)
    ('67\xa0%', '0\xa0%')
    """
    return f"{100 * part / max(total, 1):.0f}\N{NO-BREAK SPACE}%"


def decimal(value: float) -> Markup:
    """Format a number of any size with one decimal.

    Examples
    --------
    >>> print(decimal(9700.5224))
    <data value="9700.5224">9,700.5</data>
    """
    if not math.isfinite(value):
        return Markup("none")
    return _data(f"{value:.10g}", f"{value:,.1f}".replace("-", "\N{MINUS SIGN}"))


def share(value: float) -> Markup:
    """Format a measure such as nDCG: three decimals shown, six in ``<data>``.

    Examples
    --------
    >>> print(share(0.3254321))
    <data value="0.325432">0.325</data>
    """
    return _data(f"{value:.6f}", f"{value:.3f}")


def agreement(value: float) -> Markup:
    """Format an index between 0 and 1: two decimals shown, six in ``<data>``.

    Examples
    --------
    >>> print(agreement(0.9512), agreement(float("nan")))
    <data value="0.951200">0.95</data> none
    """
    return decimal(value) if math.isnan(value) else _data(f"{value:.6f}", f"{value:.2f}")


def ratio(value: float) -> Markup:
    """Format a score with three decimals; "none" for NaN.

    Examples
    --------
    >>> print(ratio(0.63971), ratio(float("nan")))
    <data value="0.639710">0.640</data> none
    """
    return Markup("none") if math.isnan(value) else _data(f"{value:.6f}", f"{value:.3f}")


def score(value: float) -> Markup:
    """Format a ranking score: integers without decimals, others with two.

    Examples
    --------
    >>> score(139.0).striptags(), score(4.257).striptags()
    ('139', '4.26')
    """
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return _data(f"{value:.10g}", text.replace("-", "\N{MINUS SIGN}"))


def _data(exact: str, shown: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(exact, shown)
