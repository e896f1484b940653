"""Labelled images: reading and checking the files and labels of a data set or a frame."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import AnyPath
from lacunar.errors import InputError, all_in_one
from lacunar.reprs import html_table, short_repr
from lacunar.traits.data.csv_table import Table, read_table
from lacunar.traits.data.frame_table import frame_table
from lacunar.traits.data.images import Picture
from lacunar.traits.data.label_counts import count_labels
from lacunar.traits.data.labels import merge_repeats, read_labels
from lacunar.traits.data.schema import PEOPLE, SCHEMA_NAME, UNKNOWN, Schema, is_inside, read_schema

SplitName = Literal["train", "test"]

_CSV = {"train": Path("Train_Data", "Train.csv"), "test": Path("Test_Data", "Test.csv")}
_HINT = f"; name other columns in a {SCHEMA_NAME} next to it"


@dataclass(frozen=True, slots=True)
class Intake:
    """Counts of rows and unknown labels, which every report repeats.

    Parameters
    ----------
    rows : int
        Rows of the CSV file or frame.
    repeated : int
        Rows of an image that an earlier row names; they are merged into that row.
    unknown : dict of str to int
        Number of images with an unknown label, by attribute.
    """

    rows: int
    repeated: int
    unknown: dict[str, int]

    def __repr__(self) -> str:
        unknown = f"{sum(self.unknown.values()):,} unknown labels"
        return short_repr(
            "Intake", [f"{self.rows:,} rows", f"{self.repeated:,} of them repeated", unknown]
        )


@dataclass(frozen=True, slots=True)
class LabelledImages:
    r"""N images with labels for A attributes, in the order of the CSV file or frame.

    :func:`read_dataset` reads them from files, :meth:`from_frame` from a frame. No pixel has been
    decoded yet.

    Parameters
    ----------
    schema : Schema
        Attributes and layout of the data set.
    source : Path or None
        The CSV file; None for a frame.
    lines : int array of shape (N,)
        Line of the CSV file, or row of the frame from 0, that first names the image.
    names : tuple of N str
        Image files as the CSV file or frame names them; ``row 0`` and so on for images in memory.
    pictures : tuple of N Picture
        Resolved paths of the image files, or images that the frame holds. Paths of a CSV file are
        all inside its folder.
    labels : int64 array of shape (N, A)
        Index of the class; -1 where the label is unknown.
    groups : int64 array of shape (N,), optional
        Group number of each image. Splits keep a group together.
    intake : Intake
        Numbers of rows, repeated rows and unknown labels.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar.traits.data.schema import Attribute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.png", "b.png"):
    ...         (Path(folder) / name).touch()
    ...     _ = Path(folder, "coats.csv").write_text("file,coat\na.png,closed\nb.png,\n")
    ...     schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    ...     images = read_dataset(folder, schema)
    >>> len(images), images.names, images.labels.tolist()
    (2, ('a.png', 'b.png'), [[1], [-1]])
    >>> images.take(np.array([1])).names
    ('b.png',)
    >>> images.intake
    <Intake: 2 rows, 0 of them repeated, 1 unknown labels>
    """

    schema: Schema
    source: Path | None
    lines: NDArray[np.int64]
    names: tuple[str, ...]
    pictures: tuple[Picture, ...]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64] | None
    intake: Intake

    def __repr__(self) -> str:
        unknown = np.count_nonzero(self.labels == UNKNOWN)
        names = self.schema.names
        return short_repr(
            "LabelledImages",
            [
                f"{len(self):,} images",
                f"{len(names)} attributes ({', '.join(names)})",
                f"{unknown:,} of {self.labels.size:,} labels unknown",
            ],
        )

    def _repr_html_(self) -> str:
        counts = count_labels(self.labels, self.schema)
        rows = [
            (
                attribute.name,
                int(count[0]),
                ", ".join(map("{} {}".format, attribute.classes, count[1:].tolist())),
            )
            for attribute, count in zip(self.schema.attributes, counts, strict=True)
        ]
        return html_table(f"{len(self):,} images", ["Attribute", "Unknown", "Labels"], rows)

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: NDArray[np.intp]) -> LabelledImages:
        """Return the images of some rows; the intake stays that of the whole file."""
        chosen = rows.tolist()
        return replace(
            self,
            lines=self.lines[rows],
            names=tuple(self.names[row] for row in chosen),
            pictures=tuple(self.pictures[row] for row in chosen),
            labels=self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def where(self, row: int) -> str:
        """Return file, line, column and name of an image, for messages."""
        place = Table(self.source, {}, self.lines.tolist()).where(row, self.schema.image_column)
        return f"{place}, {self.names[row]}" if isinstance(self.pictures[row], Path) else place

    @property
    def paths(self) -> tuple[Path, ...]:
        """Resolved paths of the image files.

        Raises
        ------
        InputError
            For an image in memory, which has no file.
        """
        for row, picture in enumerate(self.pictures):
            if not isinstance(picture, Path):
                raise InputError(f"{self.where(row)}: expected an image file, got one in memory")
        return tuple(picture for picture in self.pictures if isinstance(picture, Path))

    @property
    def origin(self) -> str:
        """The CSV file, or the word ``frame``, for messages."""
        return "frame" if self.source is None else str(self.source)

    @classmethod
    def from_frame(
        cls, frame: Any, schema: Schema, *, root: AnyPath | None = None
    ) -> LabelledImages:
        """Take labelled images from a frame, with the checks of :func:`read_dataset`.

        A label is the name of a class or its number, as in a CSV file. Missing values, NaN, -1 and
        empty text are unknown labels. ``True`` and ``False`` are labels if the two classes are
        called yes and no, true and false, on and off, present and absent, or 1 and 0.

        Parameters
        ----------
        frame : DataFrame, Table or relation
            Of pandas, Polars, PyArrow or DuckDB, with the columns of the schema; others are
            ignored.
        schema : Schema
            Its image column has paths, as text or :class:`~pathlib.Path`; or Pillow images; or
            uint8 arrays of shape (H, W, 3) or, of grey images, (H, W); or the contents of image
            files, as bytes.
        root : path-like, optional
            Folder of the schema's folder of images, to which relative paths are relative. Default:
            the working directory.

        Returns
        -------
        LabelledImages

        Raises
        ------
        InputError
            At the first error, with its row and column. Rows are counted from 0, whatever the
            index of the frame.

        Examples
        --------
        >>> import tempfile
        >>> import pyarrow as pa
        >>> from lacunar.traits.data.schema import Attribute
        >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
        >>> frame = pa.table({"file": ["a.png", "b.png"], "coat": ["closed", None]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("a.png", "b.png"):
        ...         (Path(folder) / name).touch()
        ...     images = LabelledImages.from_frame(frame, schema, root=folder)
        >>> images.names, images.labels.tolist()
        (('a.png', 'b.png'), [[1], [-1]])

        Images in memory:

        >>> import pandas as pd
        >>> photos = [np.full((40, 20, 3), colour, np.uint8) for colour in (0, 255)]
        >>> frame = pd.DataFrame({"file": photos, "coat": ["closed", None]})
        >>> images = LabelledImages.from_frame(frame, schema)
        >>> images.names, images.labels.tolist()
        (('row 0', 'row 1'), [[1], [-1]])
        """
        table, pictures = frame_table(frame, schema)
        if pictures is not None:
            return _labelled(table, schema, pictures)
        folder = (Path.cwd() if root is None else Path(root)) / schema.images
        paths = _find_images(table, schema, folder, lambda name, _: _existing_file(folder / name))
        return _labelled(table, schema, paths)


def read_layout(
    path: AnyPath, schema: Schema | None = None, *, default: Schema = PEOPLE
) -> tuple[LabelledImages, LabelledImages | None]:
    """Read the training images, and the test images if the data set has its own.

    Parameters
    ----------
    path : path-like
        See :func:`read_dataset`. The test images are in ``Test_Data``.
    schema, default : Schema, optional
        See :func:`read_dataset`.

    Returns
    -------
    train : LabelledImages
    test : LabelledImages or None

    Raises
    ------
    InputError
        See :func:`read_dataset`.
    """
    path = Path(path)
    train = read_dataset(path, schema, default=default)
    if not has_test_split(path):
        return train, None
    return train, read_dataset(path, schema, part="test", default=default)


def has_test_split(path: Path) -> bool:
    """Return whether a data set has the source report's layout and its own test images."""
    return (path / _CSV["test"].parent).is_dir()


def read_dataset(
    path: AnyPath,
    schema: Schema | None = None,
    *,
    part: SplitName = "train",
    default: Schema = PEOPLE,
) -> LabelledImages:
    r"""Read labelled images, and check everything except the content of the image files.

    Rows that name the same file are merged into one image. A label is known if one of the rows
    has it; contradictory labels raise an error.

    Parameters
    ----------
    path : path-like
        A CSV file, a directory with one CSV file, or a directory in the source report's layout:
        ``Train_Data/Train.csv`` and ``Test_Data/Test.csv``, each next to a folder ``Originals``.
    schema : Schema, optional
        Default: the ``schema.toml`` in the directory or next to the CSV file; without that file,
        `default`.
    part : {'train', 'test'}
        Which half of the source report's layout to read. ``'train'`` also checks that each
        attribute has a known label.
    default : Schema
        Used when neither `schema` nor a ``schema.toml`` is given.

    Returns
    -------
    LabelledImages

    Raises
    ------
    InputError
        At the first error, with its file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar.traits.data.schema import Attribute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "a.png").touch()
    ...     path = Path(folder) / "coats.csv"
    ...     _ = path.write_text("file,coat,hat\na.png,closed,\n")
    ...     coat = Attribute("coat", ("open", "closed"))
    ...     hat = Attribute("hat", ("off", "on"))
    ...     read_dataset(path, Schema((coat, hat), image_column="file"), part="test").labels
    array([[ 1, -1]])
    """
    path = Path(path)
    source = _find_csv(path, part)
    schema, hint = (schema, "") if schema else _find_schema(path, source, default)
    table = read_table(source, schema.columns, hint=hint)
    root, inside = source.parent.resolve(), schema.images
    paths = _find_images(
        table,
        schema,
        source.parent / inside,
        lambda name, where: resolve_inside(root, inside, name, where),
    )
    dataset = _labelled(table, schema, paths)
    if part == "train":
        _check_known(dataset)
    return dataset


def _labelled(table: Table, schema: Schema, pictures: Sequence[Picture]) -> LabelledImages:
    """Check the labels and groups of a table, and merge the rows of each image."""
    labels = read_labels(table, schema)
    groups = _read_groups(table, schema)
    # The same file, or the same object in memory.
    keys = [picture if isinstance(picture, Path) else id(picture) for picture in pictures]
    labels, kept = merge_repeats(table, schema, keys, labels, groups)
    names = table.columns[schema.image_column]
    unknown = np.count_nonzero(labels == UNKNOWN, axis=0).tolist()
    return LabelledImages(
        schema=schema,
        source=table.path,
        lines=np.asarray(table.lines)[kept],
        names=tuple(names[row] for row in kept),
        pictures=tuple(pictures[row] for row in kept),
        labels=labels,
        groups=None if groups is None else groups[kept],
        intake=Intake(
            rows=len(names),
            repeated=len(names) - len(kept),
            unknown={a.name: n for a, n in zip(schema.attributes, unknown, strict=True)},
        ),
    )


def resolve_inside(root: Path, folder: str, name: str, where: str) -> Path | None:
    """Resolve the path of a file that a data file names; return None if it does not exist.

    Parameters
    ----------
    root : Path
        Folder of the data file, resolved.
    folder : str
        Folder of the named files, relative to ``root``.
    name : str
    where : str
        Position of the name, for messages.

    Raises
    ------
    InputError
        If the name, or a symbolic link, leads out of the folder of the data file.
    """
    if not is_inside(name):
        raise InputError(f"{where}: expected a path inside {root / folder}, got {name!r}")
    path = _resolved(root / folder / name)
    if path is not None and not path.is_relative_to(root):
        raise InputError(f"{where}: expected {name!r} inside {root}, got a link to {path}")
    return path if path is not None and path.is_file() else None


def _existing_file(path: Path) -> Path | None:
    resolved = _resolved(path)
    return resolved if resolved is not None and resolved.is_file() else None


def _resolved(path: Path) -> Path | None:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        # A missing file, a name too long, a loop of links, a NUL byte.
        return None


def _is_source_layout(path: Path) -> bool:
    return any((path / csv.parent).is_dir() for csv in _CSV.values())


def _find_csv(path: Path, part: SplitName) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise InputError(f"{path}: expected a directory with images or a CSV file, got neither")
    if _is_source_layout(path):
        return path / _CSV[part]
    found = sorted(path.glob("*.csv"))
    if len(found) != 1:
        got = ", ".join(file.name for file in found) or "none"
        raise InputError(f"{path}: expected {_CSV['train']} or one CSV file, got {got}")
    return found[0]


def _find_schema(path: Path, source: Path, default: Schema) -> tuple[Schema, str]:
    """Find the schema of a data set, and the hint for messages about a missing column."""
    file = (path if path.is_dir() else source.parent) / SCHEMA_NAME
    return (read_schema(file), "") if file.is_file() else (default, _HINT)


def _read_groups(table: Table, schema: Schema) -> NDArray[np.int64] | None:
    if schema.group_column is None:
        return None
    cells = table.columns[schema.group_column]
    if "" in cells:
        place = table.where(cells.index(""), schema.group_column)
        raise InputError(f"{place}: expected the group of the image, got an empty cell")
    return np.unique(cells, return_inverse=True)[1]


def _find_images(
    table: Table, schema: Schema, folder: Path, resolve: Callable[[str, str], Path | None]
) -> list[Path]:
    """Find the image file of each row.

    ``resolve`` takes the name of an image file in ``folder`` and its position, for messages; it
    returns None if there is no such file.
    """
    paths, missing = [], []
    for row, name in enumerate(table.columns[schema.image_column]):
        where = table.where(row, schema.image_column)
        if not name:
            raise InputError(f"{where}: expected the name of an image file, got an empty cell")
        path = resolve(name, where)
        if path is None:
            alike = _note_of_alike(folder / name)
            missing.append(
                InputError(f"{where}: expected an image file, got none at {folder / name}{alike}")
            )
        else:
            paths.append(path)
    if missing:
        raise all_in_one(missing, "an image file for every row")
    return paths


def _note_of_alike(path: Path) -> str:
    """Say that a file has a name that only looks the same, as after copying from macOS."""
    name = unicodedata.normalize("NFC", path.name)
    if name.isascii() or not path.parent.is_dir():
        return ""
    for other in path.parent.iterdir():
        if unicodedata.normalize("NFC", other.name) == name:
            return " (a file there has a name that looks the same in another Unicode form)"
    return ""


def _check_known(dataset: LabelledImages) -> None:
    for attribute, column in zip(dataset.schema.attributes, dataset.labels.T, strict=True):
        if (column == UNKNOWN).all():
            raise InputError(
                f"{dataset.origin}, column {attribute.column}: expected at least one known label to"
                f" learn from, got none for {len(column)} images"
            )
