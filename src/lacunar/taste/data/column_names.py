"""Ratings under names of their own: a ``ratings.toml`` beside them says what is called what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lacunar.errors import InputError
from lacunar.files.toml import read_toml

NAMES_FILE = "ratings.toml"
#: What a refusal ends with where other names may be the reason.
HINT = f"a {NAMES_FILE} in the directory may name files and columns otherwise"


@dataclass(frozen=True, slots=True)
class RatingsNames:
    """What the table of ratings and its columns are called.

    Parameters
    ----------
    file : str
        Name of the CSV or Parquet file; empty: ``ratings.csv`` or ``ratings.parquet``.
    user, item, rating : str
        Columns.
    timestamp : str, optional
        Column; ``timestamp`` where there is one unless named.
    separator : str
        Between the cells of a CSV file.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str = ""
    user: str = "userId"
    item: str = "movieId"
    rating: str = "rating"
    timestamp: str | None = None
    separator: str = ","

    @property
    def own(self) -> dict[str, str]:
        """Lacunar's name of each column to the file's."""
        columns = {"userId": self.user, "movieId": self.item, "rating": self.rating}
        return columns | ({} if self.timestamp is None else {"timestamp": self.timestamp})


@dataclass(frozen=True, slots=True)
class ItemsNames:
    """What the table of items and its columns are called.

    Parameters
    ----------
    file : str
        Name of the CSV or Parquet file; empty: ``movies.csv`` or ``movies.parquet``.
    item, title, genres : str
        Columns.
    separator : str
        Between the cells of a CSV file.
    genre_separator : str
        Between the genres of a cell.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str = ""
    item: str = "movieId"
    title: str = "title"
    genres: str = "genres"
    separator: str = ","
    genre_separator: str = "|"

    @property
    def own(self) -> dict[str, str]:
        """Lacunar's name of each column to the file's."""
        return {"movieId": self.item, "title": self.title, "genres": self.genres}


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """What a directory's tables are called, and their columns.

    Parameters
    ----------
    ratings : RatingsNames
    items : ItemsNames

    Raises
    ------
    InputError
        If a file is not beside the other one, two columns of a table have one name, or a separator
        of cells is not one character.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    ratings: RatingsNames = field(default_factory=RatingsNames)
    items: ItemsNames = field(default_factory=ItemsNames)

    def __post_init__(self) -> None:
        tables: dict[str, RatingsNames | ItemsNames]
        tables = {"ratings": self.ratings, "items": self.items}
        for name, table in tables.items():
            if table.file in {".", ".."} or Path(table.file).name != table.file:
                raise InputError(
                    f"{name}.file: expected the name of a file beside it, got {table.file!r}"
                )
            columns = list(table.own.values())
            if not all(columns) or len(set(columns)) < len(columns):
                raise InputError(
                    f"{name}: expected a column of its own for each of {', '.join(table.own)};"
                    f" got {', '.join(map(repr, columns))}"
                )
            if len(table.separator) != 1:
                raise InputError(
                    f"{name}.separator: expected one character, got {table.separator!r}"
                )
        if not self.items.genre_separator:
            raise InputError("items.genre_separator: expected some text, got ''")


def read_names(directory: Path) -> ColumnNames | None:
    """Read the ``ratings.toml`` of a data directory; None where there is none.

    Parameters
    ----------
    directory : Path

    Raises
    ------
    InputError
        With the file and the first thing that does not fit.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "ratings.toml").write_text('ratings = {user = "customer"}')
    ...     read_names(Path(folder)).ratings.user
    'customer'
    """
    path = directory / NAMES_FILE
    if not path.exists():
        return None
    document = read_toml(path, "names")
    try:
        return _ADAPTER.validate_python(document)
    except ValidationError as error:
        raise InputError(f"{path}: {_sentence(error)}") from error


def renamed(names: Iterable[str], own: Mapping[str, str]) -> list[str]:
    """Columns of a file by Lacunar's names; a column in the way of one of these steps aside.

    Examples
    --------
    >>> renamed(["sku", "rating", "stars"], {"movieId": "sku", "rating": "stars"})
    ['movieId', 'rating (other)', 'rating']
    """
    ours = {theirs: name for name, theirs in own.items()}
    return [ours.get(name, f"{name} (other)" if name in own else name) for name in names]


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    told = first.get("ctx", {}).get("error")
    if isinstance(told, InputError):
        return str(told)
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "unexpected_keyword_argument":
        return (
            f"expected no key {key}: there are [ratings] file, user, item, rating, timestamp,"
            " separator and [items] file, item, title, genres, separator, genre_separator"
        )
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, got {first['input']!r}"


_ADAPTER = TypeAdapter(ColumnNames)
