"""Schemas: the attributes and classes of a data set, and the layout of its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.files.toml import read_toml
from lacunar.reprs import short_repr

UNKNOWN = -1
SCHEMA_NAME = "schema.toml"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A categorical attribute of an image, with two or more classes.

    Parameters
    ----------
    name : str
        Name of the attribute in answers and reports.
    classes : tuple of str
        Names of the classes. A label is an index into this tuple. Cells of a CSV file may hold
        names or indices, so a class whose name is a number must be at that index.
    column : str, optional
        Column of the labels in the CSV file. Default: the name of the attribute.

    Raises
    ------
    InputError
        If the name or a class is blank, or there are fewer than two classes, repeated classes, or
        a class whose name is a number other than its index.

    Examples
    --------
    >>> Attribute("coat", ("open", "closed"))
    <Attribute: coat, classes open, closed>
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    classes: tuple[str, ...]
    column: str = ""

    def __post_init__(self) -> None:
        _check_names("attribute", [self.name])
        where = f"attribute {self.name!r}"
        if len(self.classes) < 2:
            raise InputError(f"{where}: expected at least 2 classes, got {len(self.classes)}")
        _check_names(f"{where}, class", self.classes)
        for position, name in enumerate(self.classes):
            if _is_number(name) and name != str(position):
                raise InputError(
                    f"{where}: expected class {position} to be called {position} or a word,"
                    f" got the number {name!r}"
                )
        object.__setattr__(self, "column", self.column or self.name)

    def __repr__(self) -> str:
        classes = f"classes {', '.join(self.classes)}"
        column = [] if self.column == self.name else [f"column {self.column}"]
        return short_repr("Attribute", [self.name, *column, classes])


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes of a data set, and the columns and folders of its files.

    A cell of a label column holds the name or the index of a class. An empty cell, -1 and NaN are
    unknown labels. :func:`read_schema` reads a schema from a ``schema.toml``.

    Parameters
    ----------
    attributes : tuple of Attribute
        At least one.
    image_column : str
        Column with the names of the image files.
    group_column : str, optional
        Column with the group of each image, for example the person. Training, validation and
        folds never share a group.
    images : str
        Folder of the images, relative to the folder of the CSV file.
    maps, parts : optional
        Ignored. Earlier versions read body-part maps, and their files have these keys.
    related : tuple of tuple of str
        Sets of attributes of the same thing, such as the type and the colour of a garment. The
        network ``shared-dense`` shares a layer within a set.

    Raises
    ------
    InputError
        If there is no attribute; if an attribute or a column is repeated; if a related attribute
        does not exist or is in two sets; or if a folder is outside the folder of the CSV file.

    Examples
    --------
    >>> coat = Attribute("coat", ("open", "closed"))
    >>> hat = Attribute("hat", ("off", "on"), column="hat_on")
    >>> schema = Schema((coat, hat), image_column="file", group_column="person")
    >>> schema.names, schema.columns
    (('coat', 'hat'), ('file', 'coat', 'hat_on', 'person'))
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    attributes: tuple[Attribute, ...]
    image_column: str
    group_column: str | None = None
    images: str = "."
    # Nothing reads these two. They are part of :meth:`to_dict`, and so of saved models and of
    # fingerprints, which must stay the same for the same data.
    maps: str = field(default=".", repr=False, compare=False)
    parts: tuple[str, ...] = field(default=(), repr=False, compare=False)
    related: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.attributes:
            raise InputError("expected at least one attribute, got none")
        _check_names("attribute", self.names)
        _check_names("column", self.columns)
        related = [name for names in self.related for name in names]
        _check_names("related attribute", related)
        for name in related:
            if name not in self.names:
                raise InputError(f"related: expected one of {', '.join(self.names)}, got {name!r}")
        if not is_inside(self.images):
            raise InputError(f"expected a folder next to the CSV file, got {self.images!r}")

    def __repr__(self) -> str:
        group = [] if self.group_column is None else [f"groups in {self.group_column}"]
        facts = [f"images in {self.image_column}", *group, f"attributes {', '.join(self.names)}"]
        return short_repr("Schema", facts)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the attributes, in order."""
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a CSV file must have."""
        group = () if self.group_column is None else (self.group_column,)
        return self.image_column, *(attribute.column for attribute in self.attributes), *group

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as a JSON document, which :meth:`from_dict` reads.

        Examples
        --------
        >>> Schema.from_dict(PEOPLE.to_dict()) == PEOPLE
        True
        """
        document: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Schema:
        """Build a schema from a JSON document.

        Raises
        ------
        InputError
            At the first invalid key or value.
        """
        try:
            return _ADAPTER.validate_python(dict(document))
        except ValidationError as error:
            raise InputError(_sentence(error)) from error


def read_schema(path: AnyPath) -> Schema:
    """Read a ``schema.toml``.

    Parameters
    ----------
    path : path-like
        A TOML file. Its keys are the parameters of :class:`Schema`, with one ``[[attributes]]``
        table for each :class:`Attribute`.

    Returns
    -------
    Schema

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML, or at the first invalid key or value.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "schema.toml"
    ...     _ = path.write_text('''
    ... image_column = "file"
    ... [[attributes]]
    ... name = "coat"
    ... classes = ["open", "closed"]
    ... ''')
    ...     read_schema(path).attributes
    (<Attribute: coat, classes open, closed>,)
    """
    path = Path(path)
    document = read_toml(path, "a schema")
    try:
        return Schema.from_dict(document)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def is_inside(path: str) -> bool:
    """Return whether a relative path stays inside its folder.

    Examples
    --------
    >>> is_inside("Originals/a.png"), is_inside("../a.png"), is_inside("/a.png")
    (True, False, False)
    """
    pure = PurePath(path)
    return not (pure.is_absolute() or ".." in pure.parts or "\0" in path)


def _check_names(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if not name or name != name.strip():
            raise InputError(f"{what}: expected a name without spaces around it, got {name!r}")
        if name in seen:
            raise InputError(f"{what}: expected each name once, got {name!r} twice")
        seen.add(name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    own = first.get("ctx", {}).get("error")
    if isinstance(own, InputError):
        return str(own)
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"expected a value for {key}, got none"
    if first["type"] == "unexpected_keyword_argument":
        return f"expected no key {key}: a schema has no such key"
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, got {first['input']!r}"


_ADAPTER = TypeAdapter(Schema)

_COLOURS = (
    "black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow",
)  # fmt: skip

# The layout and the attributes of the source report.
PEOPLE = Schema(
    attributes=(
        Attribute("gender", ("male", "female")),
        Attribute("torso_type", ("long sleeve", "short or no sleeve"), "tortyp"),
        Attribute("torso_colour", _COLOURS, "torcol"),
        Attribute("leg_type", ("long", "short"), "legtyp"),
        Attribute("leg_colour", _COLOURS, "legcol"),
        Attribute("luggage", ("none", "any bag or case")),
    ),
    image_column="filename",
    images="Originals",
    maps="Binary_Maps",
    parts=("hair", "legs", "luggage", "shoes", "torso", "skin_arms", "skin_face", "skin_legs"),
    related=(("torso_type", "torso_colour"), ("leg_type", "leg_colour")),
)
