"""Files that pages expect: a reader's own data, and models if the page does not fit one."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lacunar.datasets.tastes.sample import sample_tastes, write_sample
from lacunar.store import save_taste, save_traits
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.traits.model import TraitsModel

#: For each page, the names of files and folders with their kinds.
TAKEN_FOR_GRANTED = {
    "README.md": {
        "ratings-directory": "tastes", "people-directory": "people",
        "photos": "photos", "photo.jpg": "photo", "photos.csv": "list",
    },
    "auditing.md": {"people": "people", "model": "traits-model"},
    "command-line.md": {
        "ratings-directory": "tastes", "model": "taste-model", "traits-model": "traits-model",
        "photos": "photos",
    },
    "formats.md": {"model": "taste-model"},
    "plots.md": {"model": "taste-model", "traits-model": "traits-model"},
    "predicting.md": {
        "model": "traits-model", "photos": "photos", "photo.jpg": "photo", "people.csv": "list",
    },
    "reading-the-segments.md": {"model": "taste-model", "ratings-directory": "tastes"},
    "scaling.md": {"big": "tastes"},
    "serving.md": {
        "model": "taste-model", "traits-model": "traits-model", "people-directory": "people",
        "model.onnx": "onnx", "new-ratings": "tastes",
    },
    "taste.md": {"ratings-directory": "tastes", "new-ratings": "tastes"},
    "traits.md": {"photos": "photos", "photo.jpg": "photo"},
    "your-own-ratings.md": {"shop": "shop"},
}  # fmt: skip

Make = Callable[[Path], None]


@pytest.fixture(scope="session")
def granted(
    folded_model: TraitsModel,
    people_directory: Path,
    people_onnx: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """All files that any page expects, by kind."""
    folder = tmp_path_factory.mktemp("granted")
    # Pages name user 4 and films 296 and 318.
    write_sample(sample_tastes(n_users=40, n_movies=400, seed=2), folder / "tastes")
    ratings = read_ratings(folder / "tastes")
    config = TasteConfig(min_components=3, max_components=3, n_seeds=4)
    save_taste(fit_taste(ratings, config), folder / "taste-model")
    _write_shop(folder / "tastes", folder / "shop")
    shutil.copytree(people_directory, folder / "people")
    save_traits(folded_model, folder / "traits-model")
    photos = sorted((people_directory / "Test_Data/Originals").iterdir())
    shutil.copytree(photos[0].parent, folder / "photos")
    shutil.copy(photos[0], folder / "photo")
    (folder / "list").write_text(
        "\n".join(["filename", *(f"photos/{photo.name}" for photo in photos)])
    )
    shutil.copy(people_onnx, folder / "onnx")
    return folder


@pytest.fixture
def taken_for_granted(page: Path, granted: Path, tmp_path: Path) -> Path:
    """A folder with the files that the reader of a page has before the first command."""
    for name, kind in TAKEN_FOR_GRANTED.get(page.name, {}).items():
        copy = shutil.copytree if (granted / kind).is_dir() else shutil.copy
        copy(granted / kind, tmp_path / name)
    return tmp_path


def _write_shop(tastes: Path, shop: Path) -> None:
    """The sample with other file and column names: the tables of a shop."""
    shop.mkdir()
    for table, own, columns in [
        ("ratings.csv", "reviews.csv", ["customer", "sku", "stars", "when"]),
        ("movies.csv", "products.csv", ["id", "name", "categories"]),
    ]:
        with (tastes / table).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        with (shop / own).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
