"""A taste model small enough to fit in a moment, with a hostile title and many gaps."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from lacunar.report import taste_report
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel

HOSTILE = "<script>alert('x')</script> & \"Co\""
GENRES = ("Comedy", "Drama", "Horror", "<b>War</b>", "Western")
N_USERS, N_FILMS = 60, 40


def write_data(directory: Path) -> None:
    """Two kinds of users; nobody rates everything, and few rate the last genre."""
    rng = np.random.default_rng(7)
    films = ["movieId,title,genres"]
    for film in range(N_FILMS):
        title = f"Film {film} ({1960 + film})" if film else HOSTILE
        genres = [GENRES[film % 5], *(["Drama"] if film % 3 == 0 and film % 5 != 1 else [])]
        films.append(f'{film + 1},"{title.replace(chr(34), chr(34) * 2)}",{"|".join(genres)}')
    rows = ["userId,movieId,rating,timestamp"]
    for user in range(N_USERS):
        generous = user % 3 != 0
        for film in sorted(rng.choice(N_FILMS, size=14, replace=False).tolist()):
            if film % 5 == 4 and user % 4:
                continue
            level = (4.2 if generous else 2.4) + 0.6 * np.sin(film + user % 2)
            rating = np.clip(np.round(2 * (level + rng.normal(scale=0.5))) / 2, 0.5, 5)
            rows.append(f"{100 + user},{film + 1},{rating:g},{1_000_000 + film}")
    rows += ["100,999,4,5", "100,998,3,5"]
    (directory / "movies.csv").write_text("\n".join(films) + "\n", encoding="utf-8")
    (directory / "ratings.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def tastes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tastes")
    write_data(directory)
    return directory


@pytest.fixture(scope="session")
def ratings(tastes: Path) -> Ratings:
    return read_ratings(tastes)


@pytest.fixture(scope="session")
def model(ratings: Ratings) -> TasteModel:
    return fit_taste(ratings, TasteConfig.of_preset("source", max_components=3, n_seeds=4))


@pytest.fixture(scope="session")
def user_with_gap(model: TasteModel) -> int:
    """A position other than its user's id, of somebody who has not rated every genre."""
    gaps = model.profiles.gaps.sum(axis=1)
    return int(np.flatnonzero((gaps > 0) & (gaps < 4))[0])


@pytest.fixture(scope="session")
def page(model: TasteModel, user_with_gap: int) -> str:
    return taste_report(model, users=[user_with_gap])


@pytest.fixture
def made_again(tmp_path: Path) -> Callable[[str, Path], str]:
    """Do what a report prints under how it was made; return the report that comes of it."""

    def run(page: str, data: Path) -> str:
        shutil.copytree(data, tmp_path / "data")
        (printed,) = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
        command = [sys.executable, "-c", unescape(printed)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return run
