"""Custom names of files and columns, from the ``ratings.toml`` of a data directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.files.toml import read_toml
from lacunar.taste.data.item_noun import ItemNoun, noun_of_column

NAMES_FILE = "ratings.toml"
#: The end of an error that other names may have caused.
HINT = f"a {NAMES_FILE} in the directory may give files and columns other names"


@dataclass(frozen=True, slots=True)
class RatingsNames:
    """File name, column names and format of the table of ratings.

    Parameters
    ----------
    file : str
        Name of the file, or a pattern such as ``ratings-*.csv``. Empty: ``ratings.csv`` or one of
        the other names that are looked for.
    user, item : str
        Columns.
    rating, timestamp : str, optional
        Columns. None: ``rating`` and ``timestamp``, which may be missing; empty: no column.
    separator : str, optional
        Separator of the cells of text. None: that of the header.
    decimal : {".", ","}
        Decimal separator of text.
    encoding : str
        Encoding of text. Empty: UTF-8.
    timestamp_format : str
        Format of the timestamps, as ``strptime`` takes it. Empty: seconds or ISO dates.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str = ""
    user: str = "userId"
    item: str = "movieId"
    rating: str | None = None
    timestamp: str | None = None
    separator: str | None = None
    decimal: Literal[".", ","] = "."
    encoding: str = ""
    timestamp_format: str = ""

    @property
    def file_columns(self) -> dict[str, str]:
        """Lacunar's column names, mapped to the file's, where they are named."""
        columns = {"userId": self.user, "movieId": self.item}
        return columns | _named(rating=self.rating, timestamp=self.timestamp)


@dataclass(frozen=True, slots=True)
class ItemsNames:
    """File name, column names and format of the table of items.

    Parameters
    ----------
    file : str
        Name of the file, or a pattern. Empty: ``movies.csv`` or one of the other names that are
        looked for.
    item : str
        Column.
    title, genres : str, optional
        Columns. None: ``title`` and ``genres``, which may be missing; empty: no column.
    year : str
        Column of the year. Empty: the year at the end of the title.
    separator : str, optional
        Separator of the cells of text. None: that of the header.
    genre_separator : str
        Separator of the genres in a cell.
    encoding : str
        Encoding of text. Empty: UTF-8.
    noun, plural : str
        The noun for the items in texts. Empty: film where the column ``item`` is ``movieId``,
        else item; and the noun with an s.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: str = ""
    item: str = "movieId"
    title: str | None = None
    genres: str | None = None
    year: str = ""
    separator: str | None = None
    genre_separator: str = "|"
    encoding: str = ""
    noun: str = ""
    plural: str = ""

    @property
    def file_columns(self) -> dict[str, str]:
        """Lacunar's column names, mapped to the file's, where they are named."""
        columns = {"movieId": self.item, "year": self.year}
        return columns | _named(title=self.title, genres=self.genres)

    @property
    def needs_table(self) -> bool:
        """Whether a key names the table or one of its columns, so that it must exist."""
        default = ItemsNames()
        return any(
            getattr(self, key.name) != getattr(default, key.name)
            for key in fields(self)
            if key.name not in {"noun", "plural"}
        )

    @property
    def item_noun(self) -> ItemNoun:
        """The noun for the items."""
        return ItemNoun(self.noun, self.plural) if self.noun else noun_of_column(self.item)


def _named(**columns: str | None) -> dict[str, str]:
    return {name: theirs for name, theirs in columns.items() if theirs is not None}


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
        If a file is in another directory, two columns of a table have the same name, a separator
        of cells is not one character, or an encoding is unknown.
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
            ids = {"userId", "movieId"}
            columns = {to: own for to, own in table.file_columns.items() if own or to in ids}
            if not all(columns.values()) or len(set(columns.values())) < len(columns):
                raise InputError(
                    f"{name}: expected a different column for each of"
                    f" {', '.join(columns)}; got {', '.join(map(repr, columns.values()))}"
                )
            if table.separator is not None and len(table.separator) != 1:
                raise InputError(
                    f"{name}.separator: expected one character, got {table.separator!r}"
                )
            if table.encoding and not _is_encoding(table.encoding):
                raise InputError(
                    f"{name}.encoding: expected an encoding such as cp1252 or utf-16,"
                    f" got {table.encoding!r}"
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


def check_absent(place: str, absent: Iterable[str], others: Mapping[str, bool]) -> None:
    """Raise if a column that may be missing seems to have another name.

    Parameters
    ----------
    place : str
        The table, for the error.
    absent : iterable of str
        Lacunar's names of the missing columns.
    others : mapping of str to bool
        The other columns of the table, and whether they hold numbers.

    Raises
    ------
    InputError
        If another column has a similar name; or, if ratings are missing, holds numbers; or, if
        titles or genres are missing, holds text.

    Examples
    --------
    >>> check_absent("movies.csv", ["genres", "title"], {"imdb": True})
    """
    for column in absent:
        similar = similar_columns(column, others)
        if column in {"title", "genres"}:
            similar += [name for name, number in others.items() if not number]
        if similar:
            raise InputError(
                f"{place}: expected a column {column}, got {shortened(similar[0], 80)!r}: in a"
                f' {NAMES_FILE}, {column} = "NAME" gives it another name, and {column} = "" says'
                " that there is none"
            )


def similar_columns(column: str, others: Mapping[str, bool]) -> list[str]:
    """Return columns that may be a missing one: of a similar name, or of numbers for ratings.

    Examples
    --------
    >>> similar_columns("genres", {"Genre": False, "price": True})
    ['Genre']
    """
    lower = {name.lower(): name for name in others}
    similar = [lower[name] for name in get_close_matches(column, lower, 1, 0.8)]
    if column == "rating":
        similar += [name for name, number in others.items() if number]
    return similar


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return str(cause)
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "unexpected_keyword_argument":
        tables = {"ratings": RatingsNames, "items": ItemsNames}
        keys = " and ".join(
            f"[{name}] {', '.join(field.name for field in fields(table))}"
            for name, table in tables.items()
        )
        return f"expected no key {key}: the keys are {keys}"
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, got {first['input']!r}"


_ADAPTER = TypeAdapter(ColumnNames)
