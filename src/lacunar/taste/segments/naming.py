"""Names of segments, from the genres, periods and rating levels of their members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import shortened
from lacunar.taste.data.ratings import NO_GENRES
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.segments.significance import NOTICEABLE, excess_by_chance, excess_of_members

MAX_LENGTH = 48
EMPTY = "Empty segment"

# "IMAX" is a projection format, not a genre of content.
_NEVER_NAMES = frozenset({NO_GENRES, "IMAX"})
_SPOKEN = {"Children": "Children's"}
# Smaller differences can be significant in a large segment, but do not matter.
_LIKED_BEYOND = 0.05
_LEVEL_BEYOND = 0.5
_PERIOD_BEYOND = 0.1

_ALL_ROUND = "All-round taste"
_RATING = ("Heavy on {}", "Light on {}", "{} over {}")
_LIKING = ("Fond of {}", "Cool on {}", "Fonder of {} than {}")

# A genre as it appears in names, and the excess of the members over all users.
_Mark = tuple[str, float]


def segment_names(
    profiles: GenreProfiles,
    labels: NDArray[np.intp],
    n_segments: int,
    *,
    periods: PeriodCounts | None = None,
    plural: str = "items",
) -> tuple[str, ...]:
    """Name each segment by the largest differences between its members and all users.

    Members are compared with all users by the square root of each genre's share of their ratings:
    roots of counts have about the same variance in large and small genres (Bartlett 1936), so a
    rare genre does not win by chance. A genre counts if the mean differs by at least 0.025 and by
    three standard errors. The two genres that differ most make the name, or one if it differs
    more than twice as much as the next. If no genre counts, members are compared by preference:
    their mean rating of a genre minus their mean rating, times the root share, in units of the
    standard deviation between users' mean ratings; a difference of 0.05 counts. If that gives no
    genre either, their taste is all-round. Raters are generous or harsh if their mean rating
    differs from that of all users by more than half of that standard deviation. With ``periods``,
    the period of years with the largest excess is added if its root share is 0.1 above that of
    all users.

    Renumbering the segments renumbers the names, and the order of users does not matter; except
    for segments that are empty or equal in every statistic.

    Parameters
    ----------
    profiles : GenreProfiles
        Of U users with at least one rating each. ``(no genres listed)`` and ``IMAX`` are never
        part of a name.
    labels : ndarray of shape (U,)
        Segment of each user, in ``range(n_segments)``.
    n_segments : int
        K.
    periods : PeriodCounts, optional
        Only if the view of the fit includes periods.
    plural : str
        Noun for the rated items, after a period.

    Returns
    -------
    tuple of str
        K different names of at most 48 characters. Equal names get more genres or smaller
        differences, or else numbers; the largest segment has no number.

    Examples
    --------
    >>> counts = np.array([[8, 2, 2], [7, 3, 2], [2, 8, 2], [3, 7, 2]] * 5)
    >>> means = np.array([[4.5, 4, 4], [4, 4.5, 4], [2, 3, 3], [3, 2, 2.5]] * 5)
    >>> profiles = GenreProfiles(("Drama", "Horror", "War"), means, counts, 1.0)
    >>> segment_names(profiles, np.array([0, 0, 1, 1] * 5), 2)
    ('Drama over Horror, generous raters', 'Horror over Drama, harsh raters')
    """
    shares = profiles.shares
    user_means = (shares * np.nan_to_num(profiles.means)).sum(axis=1)
    # The floor keeps rounding errors small where all users have the same mean.
    spread = max(float(user_means.std()), 1e-9)
    above = np.where(profiles.gaps, 0.0, profiles.means - user_means[:, np.newaxis])
    amount = np.sqrt(shares)
    liking = amount * above / spread

    member = (labels == np.arange(n_segments)[:, np.newaxis]).astype(np.float64)
    rated, liked = excess_of_members(amount, member), excess_of_members(liking, member)
    levels = excess_of_members(user_means[:, np.newaxis] / spread, member)[:, 0]
    real = np.abs(rated) >= excess_by_chance(amount, member)
    rated_counts = real & (np.abs(rated) >= NOTICEABLE)
    liked_counts = np.abs(liked) >= np.maximum(excess_by_chance(liking, member), _LIKED_BEYOND)
    level_counts = (
        np.abs(levels) >= excess_by_chance(user_means[:, np.newaxis] / spread, member)[:, 0]
    )

    favoured = _favoured_periods(periods, member)
    genres, ladders = profiles.genres, []
    for k in range(n_segments):
        phrases = [EMPTY]
        if member[k].any():
            if marks := _salient_genres(genres, rated[k], rated_counts[k]):
                phrases = _worded(marks, _RATING)
            elif marks := _salient_genres(genres, liked[k], liked_counts[k]):
                phrases = _worded(marks, _LIKING)
            else:
                slight = _salient_genres(genres, rated[k], real[k])
                phrases = [_ALL_ROUND, *_hints(float(levels[k] * level_counts[k]), slight)]
        ladders.append(_with_endings(phrases, favoured[k], float(levels[k]), plural))
    # Which segment has no number must not depend on the numbering of the segments.
    population, first = member.sum(axis=1), member.argmax(axis=1)
    statistics = np.column_stack([-population, rated, liked, levels, first])
    return _distinct(ladders, sorted(range(n_segments), key=statistics.tolist().__getitem__))


def _salient_genres(
    genres: tuple[str, ...], excess: NDArray[np.float64], counts: NDArray[np.bool_]
) -> list[_Mark]:
    """Return the genres that count, the largest difference first."""
    return [
        (_SPOKEN.get(genres[g], genres[g]), float(excess[g]))
        for g in np.argsort(-np.abs(excess), kind="stable")
        if counts[g] and genres[g] not in _NEVER_NAMES
    ]


def _hints(level: float, rated: list[_Mark]) -> list[str]:
    """Return small differences, used only to tell equal names apart."""
    hints = []
    if 0 < abs(level) <= _LEVEL_BEYOND:
        hints.append(f"All-round, slightly {'generous' if level > 0 else 'harsh'} raters")
    return hints + [f"All-round, {'more' if v > 0 else 'less'} {name}" for name, v in rated[:1]]


def _worded(marks: list[_Mark], wordings: tuple[str, str, str]) -> list[str]:
    strong = [mark for mark in marks if abs(mark[1]) >= abs(marks[0][1]) / 2]
    # Prefer what members rate more of over what they rate less of.
    lead = next((mark for mark in strong if mark[1] > 0), marks[0])
    ordered = [lead, *(mark for mark in marks if mark != lead)]
    phrases = [_phrase(ordered[:n], wordings) for n in range(1, len(ordered) + 1)]
    two = len(strong) > 1 and len(phrases[1]) <= MAX_LENGTH
    return phrases[1:] if two else phrases


def _phrase(marks: list[_Mark], wordings: tuple[str, str, str]) -> str:
    more, less, contrast = wordings
    # In alphabetical order: the same genres must give the same name.
    above = _listed(sorted(name for name, value in marks if value > 0))
    below = _listed(sorted(name for name, value in marks if value < 0))
    if above and below:
        return contrast.format(above, below)
    return more.format(above) if above else less.format(below)


def _listed(names: list[str]) -> str:
    return " & ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _favoured_periods(periods: PeriodCounts | None, member: NDArray[np.float64]) -> list[str]:
    """Return the period with the largest excess of each segment, or an empty string."""
    if periods is None or not periods.periods:
        return [""] * len(member)
    amount = np.sqrt(periods.shares)
    excess = excess_of_members(amount, member)
    counts = excess >= np.maximum(excess_by_chance(amount, member), _PERIOD_BEYOND)
    best = excess.argmax(axis=1)
    return [periods.periods[b] if counts[k, b] else "" for k, b in enumerate(best)]


def _with_endings(phrases: list[str], period: str, level: float, plural: str) -> list[str]:
    """Append period and rating level to each phrase, shorter if the name is too long."""
    raters = ""
    if abs(level) > _LEVEL_BEYOND:
        raters = "generous" if level > 0 else "harsh"
    rating = [f", {raters} raters", f"; {raters}"] if raters else [""]
    when = [f", {period} {plural}", f", {period}", ""] if period else [""]
    endings = [years + how for years in when for how in rating]
    fitting = []
    for phrase in phrases:
        named = [phrase + ending for ending in endings if len(phrase + ending) <= MAX_LENGTH]
        fitting += named[:1]
    return fitting or [shortened(phrases[0], MAX_LENGTH - len(endings[-1])) + endings[-1]]


def _distinct(ladders: list[list[str]], order: Sequence[int]) -> tuple[str, ...]:
    """Use longer phrases for all equal names at once; number those that stay equal."""
    step = [0] * len(ladders)
    while True:
        names = [ladder[i] for ladder, i in zip(ladders, step, strict=True)]
        often = Counter(names)
        alike = [k for k, name in enumerate(names) if often[name] > 1]
        climbing = [k for k in alike if step[k] + 1 < len(ladders[k])]
        if not climbing:
            break
        for k in climbing:
            step[k] += 1
    for k in alike:
        names[k] = ladders[k][0]
    return _numbered(names, order, set())


def names_after_update(
    before: Sequence[str], now: Sequence[str], kept: NDArray[np.bool_]
) -> tuple[str, ...]:
    """Keep the names of some segments, and give the others names that no segment had before.

    Parameters
    ----------
    before, now : sequence of str
        Names that the segments had, and those that describe them now.
    kept : ndarray of shape (K,)
        Whether a segment keeps its name.

    Examples
    --------
    >>> names_after_update(["A", "B", "C"], ["D", "B", "A"], np.array([True, True, False]))
    ('A', 'B', 'A 2')
    """
    names = [old if keep else new for old, new, keep in zip(before, now, kept, strict=True)]
    return _numbered(names, np.flatnonzero(~kept).tolist(), set(before))


def _numbered(names: list[str], order: Sequence[int], used: set[str]) -> tuple[str, ...]:
    """Add a number to each name, in this order, that is used already."""
    for k in order:
        number = 1
        stem = names[k]
        while names[k] in used:
            number += 1
            ending = f" {number}"
            names[k] = shortened(stem, MAX_LENGTH - len(ending)) + ending
        used.add(names[k])
    return tuple(names)
