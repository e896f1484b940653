"""What is labelled: the one description that drives reading, network, loss, metrics and plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.files.toml import read_toml

UNKNOWN = -1
SCHEMA_NAME = "schema.toml"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing to be told of an image: one of two or more classes.

    Parameters
    ----------
    name : str
    classes : tuple of str
        Names of the classes; a label is a position in this tuple. A name that reads as a number
        must be its own position, since cells may hold either.
    column : str, optional
        Column of the labels; the name of the attribute unless given.

    Raises
    ------
    InputError
        If the name or a class is blank, or the classes are fewer than two, repeated or numbers
        off their position.

    Examples
    --------
    >>> Attribute("coat", ("open", "closed"))
    Attribute(name='coat', classes=('open', 'closed'), column='coat')
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


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes of a data set, and where its files keep them.

    In the label columns a cell is the name or the position of a class; -1, an empty cell and NaN
    are unknown.

    Parameters
    ----------
    attributes : tuple of Attribute
        At least one.
    image_column : str
        Column of the image files.
    group_column : str, optional
        Column that says which images belong together, such as those of one person, so that no
        split tears them apart.
    images : str
        Folder of the images, relative to that of the CSV file.
    maps : str
        Folder of the body-part maps, relative to that of the CSV file. The map of part ``legs``
        of ``a.jpg`` is ``a_legs.png``.
    parts : tuple of str
        Body parts that may have maps.
    related : tuple of tuple of str
        Sets of attributes that tell of one thing, such as the type and the colour of a garment;
        a network may share layers within a set.

    Raises
    ------
    InputError
        If there is no attribute, an attribute, a column or a part comes twice, an attribute is
        related that there is not or that another set has, or a folder leads out of the folder of
        the CSV file.

    Examples
    --------
    >>> Schema((Attribute("coat", ("open", "closed")),), image_column="file").columns
    ('file', 'coat')
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    attributes: tuple[Attribute, ...]
    image_column: str
    group_column: str | None = None
    images: str = "."
    maps: str = "."
    parts: tuple[str, ...] = ()
    related: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.attributes:
            raise InputError("expected at least one attribute, got none")
        _check_names("attribute", self.names)
        _check_names("column", self.columns)
        _check_names("part", self.parts)
        related = [name for names in self.related for name in names]
        _check_names("related attribute", related)
        for name in related:
            if name not in self.names:
                raise InputError(f"related: expected one of {', '.join(self.names)}, got {name!r}")
        for folder in (self.images, self.maps):
            if not is_inside(folder):
                raise InputError(f"expected a folder beside the CSV file, got {folder!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the attributes, in order."""
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column a CSV file must have."""
        group = () if self.group_column is None else (self.group_column,)
        return self.image_column, *(attribute.column for attribute in self.attributes), *group

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads, as JSON would hold it.

        Examples
        --------
        >>> Schema.from_dict(PEOPLE.to_dict()) == PEOPLE
        True
        """
        document: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Schema:
        """Read a schema from a plain document.

        Raises
        ------
        InputError
            With the first thing that does not fit.
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
        Its keys are the fields of :class:`Schema`, with one ``[[attributes]]`` table per
        :class:`Attribute`.

    Raises
    ------
    InputError
        With the file and the first thing that does not fit.

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
    (Attribute(name='coat', classes=('open', 'closed'), column='coat'),)
    """
    path = Path(path)
    document = read_toml(path, "a schema")
    try:
        return Schema.from_dict(document)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def is_inside(path: str) -> bool:
    """Whether a path of a data file leads nowhere but further down.

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
        return f"expected no key {key}: a schema has no such thing"
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
