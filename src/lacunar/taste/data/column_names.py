"""Custom names of files and columns, from the ``ratings.toml`` of a data directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lacunar.errors import InputError
from lacunar.files.toml import read_toml
from lacunar.taste.data.item_noun import ItemNoun, noun_of_column

NAMES_FILE = "ratings.toml"
#: The end of an error that other names may have caused.
HINT = f"a {NAMES_FILE} in the directory may give files and columns other names"


@dataclass(frozen=True, slots=True)
class RatingsNames:
    """File name and column names of the table of ratings.

    Parameters
    ----------
    file : str
        Name of the CSV or Parquet file; empty: ``ratings.csv`` or ``ratings.parquet``.
    user, item, rating : str
        Columns.
    timestamp : str, optional
        Column. By default ``timestamp``, which may be missing.
    separator : str
        Separator of the cells of a CSV file.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str = ""
    user: str = "userId"
    item: str = "movieId"
    rating: str = "rating"
    timestamp: str | None = None
    separator: str = ","

    @property
    def file_columns(self) -> dict[str, str]:
        """Lacunar's column names, mapped to the file's."""
        columns = {"userId": self.user, "movieId": self.item, "rating": self.rating}
        return columns | ({} if self.timestamp is None else {"timestamp": self.timestamp})


@dataclass(frozen=True, slots=True)
class ItemsNames:
    """File name and column names of the table of items.

    Parameters
    ----------
    file : str
        Name of the CSV or Parquet file; empty: ``movies.csv`` or ``movies.parquet``.
    item, title, genres : str
        Columns.
    separator : str
        Separator of the cells of a CSV file.
    genre_separator : str
        Separator of the genres in a cell.
    noun, plural : str
        The noun for the items in texts. Empty: film where the column ``item`` is ``movieId``,
        else item; and the noun with an s.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str = ""
    item: str = "movieId"
    title: str = "title"
    genres: str = "genres"
    separator: str = ","
    genre_separator: str = "|"
    noun: str = ""
    plural: str = ""

    @property
    def file_columns(self) -> dict[str, str]:
        """Lacunar's column names, mapped to the file's."""
        return {"movieId": self.item, "title": self.title, "genres": self.genres}

    @property
    def item_noun(self) -> ItemNoun:
        """The noun for the items."""
        return ItemNoun(self.noun, self.plural) if self.noun else noun_of_column(self.item)


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Names of the files and columns of a data directory.

    Parameters
    ----------
    ratings : RatingsNames
    items : ItemsNames

    Raises
    ------
    InputError
        If a file is in another directory, two columns of a table have the same name, or a
        separator of cells is not one character.
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
                    f"{name}.file: expected the name of a file in the same directory,"
                    f" got {table.file!r}"
                )
            columns = list(table.file_columns.values())
            if not all(columns) or len(set(columns)) < len(columns):
                raise InputError(
                    f"{name}: expected a different column for each of"
                    f" {', '.join(table.file_columns)}; got {', '.join(map(repr, columns))}"
                )
            if len(table.separator) != 1:
                raise InputError(
                    f"{name}.separator: expected one character, got {table.separator!r}"
                )
        if not self.items.genre_separator:
            raise InputError("items.genre_separator: expected at least one character, got ''")
        if self.items.plural and not self.items.noun:
            raise InputError("items.plural: expected items.noun as well, got none")
        try:
            self.items.item_noun  # noqa: B018 -- invalid nouns raise
        except InputError as error:
            raise InputError(f"items.{error}") from error


def read_names(directory: Path) -> ColumnNames | None:
    """Read the ``ratings.toml`` of a data directory; None if it has no such file.

    Parameters
    ----------
    directory : Path

    Raises
    ------
    InputError
        If the file is invalid; names the first invalid key.

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


def standard_names(names: Iterable[str], file_columns: Mapping[str, str]) -> list[str]:
    """Translate a file's column names into Lacunar's names.

    A column that already has one of Lacunar's names, but is not the one named for it, is renamed.

    Examples
    --------
    >>> standard_names(["sku", "rating", "stars"], {"movieId": "sku", "rating": "stars"})
    ['movieId', 'rating (other)', 'rating']
    """
    standard = {theirs: name for name, theirs in file_columns.items()}
    return [
        standard.get(name, f"{name} (other)" if name in file_columns else name) for name in names
    ]


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return str(cause)
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "unexpected_keyword_argument":
        return (
            f"expected no key {key}: the keys are [ratings] file, user, item, rating, timestamp,"
            " separator and [items] file, item, title, genres, separator, genre_separator,"
            " noun, plural"
        )
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, got {first['input']!r}"


_ADAPTER = TypeAdapter(ColumnNames)
