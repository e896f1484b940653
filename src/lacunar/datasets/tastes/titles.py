"""Generated titles, years and genres of films in MovieLens' format.

Every title has a made-up proper name, so that no title is that of a real film. The mix of genres
follows the film shares of ``ml-latest-small`` (Harper and Konstan 2015, "The MovieLens Datasets").
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

NO_GENRE = "(no genres listed)"

# Genre -> (share of films led by it, share of companions, nouns for its titles).
_GENRES: dict[str, tuple[float, float, str]] = {
    "Action": (12.0, 8.0, "Siege Convoy Ambush Gauntlet Vanguard Breach"),
    "Adventure": (5.0, 8.0, "Voyage Compass Expedition Summit Passage Cartographer"),
    "Animation": (4.0, 2.0, "Hedgehog Teapot Dragonfly Kite Acorn Snowglobe"),
    "Children": (1.0, 3.0, "Treehouse Puppy Birthday Picnic Balloon Bicycle"),
    "Comedy": (33.0, 12.0, "Wedding Landlord Neighbour Vacation Mix-Up Umbrella"),
    "Crime": (4.0, 8.0, "Ledger Heist Informant Alibi Verdict Syndicate"),
    "Documentary": (4.5, 0.5, "Archive Harvest Portrait Quarry Chronicle River"),
    "Drama": (37.0, 22.0, "Orchard Silence Inheritance Letter Winter Daughter"),
    "Fantasy": (1.5, 8.0, "Amulet Griffin Sorcerer Moonstone Prophecy Thicket"),
    "Film-Noir": (0.7, 0.4, "Shadow Alley Cigarette Widow Nightcap Raincoat"),
    "Horror": (6.0, 4.0, "Crypt Cellar Howling Scarecrow Séance Marrow"),
    "IMAX": (0.0, 1.8, "Glacier Canyon Orbit Reef Aurora Volcano"),
    "Musical": (0.8, 2.2, "Overture Waltz Chorus Serenade Ballroom Encore"),
    "Mystery": (0.9, 6.0, "Riddle Cipher Locket Footprint Lighthouse Vanishing"),
    "Romance": (2.0, 7.0, "Promise Summer Valentine Rendezvous Garden Confession"),
    "Sci-Fi": (3.5, 8.0, "Signal Colony Android Nebula Paradox Starship"),
    "Thriller": (3.5, 14.0, "Hostage Witness Countdown Double Deception Pursuit"),
    "War": (0.7, 3.0, "Trench Regiment Armistice Bridge Bugle Frontier"),
    "Western": (1.0, 0.9, "Stagecoach Gunslinger Prairie Sheriff Corral Dust"),
}
# In MovieLens' order; the value for films without genres is last.
GENRES: tuple[str, ...] = (*_GENRES, NO_GENRE)

# A pair listed twice gets the square of the factor.
_COMPANIONS = (
    "Animation-Children Animation-Children Crime-Thriller Crime-Thriller Action-Adventure "
    "Mystery-Thriller Film-Noir-Mystery Horror-Thriller "
    "Action-Adventure Action-Sci-Fi Action-Thriller Action-Crime Action-War Action-IMAX "
    "Adventure-Fantasy Adventure-Children Adventure-Western Adventure-IMAX Animation-Children "
    "Animation-Fantasy Comedy-Romance Comedy-Musical Comedy-Children Crime-Thriller Crime-Mystery "
    "Crime-Film-Noir Drama-Romance Drama-War Drama-Crime Film-Noir-Mystery Horror-Thriller "
    "Horror-Mystery Horror-Sci-Fi Mystery-Thriller Musical-Romance Sci-Fi-Thriller"
)
_COMPANION_FACTOR = 5.0
# Pairs that almost never occur together.
_STRANGERS = ("Animation-Horror", "Children-Horror", "Children-Thriller", "Children-Crime")
_STRANGER_FACTOR = 0.02
_LENGTHS = (0.32, 0.34, 0.24, 0.10)
_LONE_DOCUMENTARIES = 0.75
_NO_GENRE_SHARE = 0.004
_LAST_YEAR = 2014

_ONSETS = (
    "Alb Bald Brem Cald Corv Dorm Drun Elb Esk Fenn Galv Grim Hald Harl Ister Jorv Karn Keld Lorn "
    "Lund Marb Melv Nord Orl Ostr Pald Pelh Quill Rast Ravn Selv Skarn Sylv Tarv Thorn Ulv Vell "
    "Vess Wend Zar"
)
_CODAS = (
    "amora astow eçal edane efell enmoor enrath ethwaite ibruck iline ingard isse omesk orán ovar "
    "umere uwick ömar éza"
)
_NUMERALS = ("", " II", " III", " IV", " V", " VI", " VII", " VIII", " IX", " X")

# {n} is the noun, {p} the made-up name; the article after the bar is put last.
_PATTERNS = (
    *(["{n} of {p}|The"] * 4),
    *(["{p} {n}|The"] * 3),
    *(["{p}"] * 2),
    *(["{n} in {p}|A"] * 2),
    *(["{p}'s {n}"] * 2),
    "Last {n} of {p}|The",
    "{n} at {p}|The",
    "Return to {p}",
    "Beyond {p}",
    "{p}, My {n}",
    '"{p}" {n}|The',
    "{n} & {p}",
    "Leaving {p}: The {n}",
    "Été à {p}|L'",
    "Niño de {p}|El",
)


def invented_films(n_films: int, rng: np.random.Generator) -> tuple[list[str], NDArray[np.bool_]]:
    """Titles and genres of generated films.

    Parameters
    ----------
    n_films : int
    rng : numpy.random.Generator
        The same state gives the same films.

    Returns
    -------
    titles : list of str
        Distinct, each with its year at the end and a leading article put last, as in MovieLens.
    genres : ndarray of bool, shape (n_films, 20)
        Genres of each film among `GENRES`: one to four, or only the value for no genre.

    Examples
    --------
    >>> titles, genres = invented_films(3, np.random.default_rng(0))
    >>> for title, row in zip(titles, genres):
    ...     print(title, [GENRES[g] for g in np.flatnonzero(row)])
    Skarnedane (1981) ['Action', 'Animation']
    Return to Orledane (2005) ['Drama']
    Leaving Vellisse: The Confession (2012) ['Romance']
    """
    genres, leads = _genre_sets(n_films, rng)
    years = _years(genres, rng)
    return _titles(leads, years, rng), genres


def movies_table(
    movie_ids: NDArray[np.int64], titles: list[str], genres: NDArray[np.bool_]
) -> pa.Table:
    """Films as a MovieLens ``movies`` table: movieId, title, genres joined by ``|``.

    Examples
    --------
    >>> flags = np.isin(GENRES, ["Comedy", "Romance"])[np.newaxis]
    >>> movies_table(np.array([7]), ["Balmora (1994)"], flags).to_pylist()
    [{'movieId': 7, 'title': 'Balmora (1994)', 'genres': 'Comedy|Romance'}]
    """
    names = np.array(GENRES)
    joined = ["|".join(names[row]) for row in genres]
    return pa.table(
        {
            "movieId": pa.array(movie_ids, pa.int64()),
            "title": pa.array(titles, pa.string()),
            "genres": pa.array(joined, pa.string()),
        }
    )


def _genre_sets(
    n_films: int, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Genre flags, and the main genre of each film."""
    lead_share, companion_share = np.array([row[:2] for row in _GENRES.values()]).T
    lengths = rng.choice(len(_LENGTHS), p=_LENGTHS, size=n_films) + 1
    rows = np.arange(n_films)
    leads = rng.choice(len(_GENRES), p=lead_share / lead_share.sum(), size=n_films)
    lone = (leads == GENRES.index("Documentary")) & (rng.random(n_films) < _LONE_DOCUMENTARIES)
    lengths[lone] = 1
    genres = np.zeros((n_films, len(GENRES)), dtype=bool)
    genres[rows, leads] = True
    weights = companion_share * _companion_factors()[leads]
    for length in range(2, len(_LENGTHS) + 1):
        # The largest weight / exponential noise is a draw in proportion to the weights.
        score = np.where(genres[:, :-1], 0, weights) / rng.standard_exponential(weights.shape)
        more = np.flatnonzero(lengths >= length)
        genres[more, score[more].argmax(axis=1)] = True
    unlisted = rng.random(n_films) < _NO_GENRE_SHARE
    genres[unlisted] = False
    genres[unlisted, -1] = True
    return genres, leads


def _companion_factors() -> NDArray[np.float64]:
    names = list(_GENRES)
    companions = _COMPANIONS.split()
    factors = np.ones((len(names), len(names)))
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            pair = {f"{first}-{second}", f"{second}-{first}"}
            factors[i, j] *= _COMPANION_FACTOR ** sum(known in pair for known in companions)
            if pair.intersection(_STRANGERS):
                factors[i, j] = _STRANGER_FACTOR
    return factors


def _years(genres: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Mostly recent years, with a tail back to the 1920s; Film-Noir is from 1941 to 1958."""
    age = rng.gamma(1.2, 14.0, len(genres)).clip(0, _LAST_YEAR - 1920)
    noir = genres[:, GENRES.index("Film-Noir")]
    imax = genres[:, GENRES.index("IMAX")]
    age[noir] = _LAST_YEAR - rng.integers(1941, 1959, size=int(noir.sum()))
    age[imax] %= 18
    return (_LAST_YEAR - age).astype(np.int64)


def _titles(
    leads: NDArray[np.intp], years: NDArray[np.int64], rng: np.random.Generator
) -> list[str]:
    nouns = [row[2].split() for row in _GENRES.values()]
    onsets, codas = _ONSETS.split(), _CODAS.split()
    parts = (onsets, codas, _PATTERNS, nouns[0])
    draws = rng.integers(0, [len(part) for part in parts], size=(len(leads), len(parts)))
    times_met: dict[str, int] = {}
    titles = []
    for lead, year, draw in zip(leads.tolist(), years.tolist(), draws.tolist(), strict=True):
        name = onsets[draw[0]] + codas[draw[1]]
        body, _, article = _PATTERNS[draw[2]].partition("|")
        noun = nouns[lead][draw[3]]
        body = body.format(n=noun, p=name)
        if article == "A" and noun[0] in "AEIOU":
            article = "An"
        met = times_met[body] = times_met.get(body, -1) + 1
        sequel = _NUMERALS[met] if met < len(_NUMERALS) else f" {met + 1}"
        titles.append(f"{body}{sequel}{', ' + article if article else ''} ({year})")
    return titles
