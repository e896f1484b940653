"""Predictions as CSV, JSON, JSON Lines or Parquet files, written image by image."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lacunar.errors import InputError
from lacunar.files.tables import opened, table_suffix
from lacunar.traits.data.class_balance import Factors
from lacunar.traits.data.schema import Schema
from lacunar.traits.json_schema import BrokenImage, Prediction, PredictionsDocument, UnreadImage
from lacunar.traits.predict.predictor import Answers, Thresholds
from lacunar.traits.predict.to_json import predictions_document

# Rows in memory at once: one row group of a Parquet file. Readers rely on its size.
_GROUP = 10_000
# Characters that begin a formula in a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Write = Callable[[Answers], None]


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The content of a prediction file.

    Parameters
    ----------
    schema : Schema
        A attributes.
    thresholds : sequence of A float or None
        See :func:`lacunar.traits.predict.to_json.predictions_document`.
    all_probabilities : bool
        Include the probability of every class.
    spreadsheet_safe : bool
        In a CSV file, put a quote before text that a spreadsheet would run as a formula.
    factors : sequence of A float64 arrays of shape (C_a,), optional
        See :func:`lacunar.traits.predict.to_json.predictions_document`.
    """

    schema: Schema
    thresholds: Thresholds
    all_probabilities: bool = False
    spreadsheet_safe: bool = False
    factors: Factors | None = None

    @property
    def columns(self) -> list[str]:
        """Column names of CSV and Parquet files.

        Examples
        --------
        >>> from lacunar.traits.data.schema import Attribute
        >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
        >>> AnswerForm(schema, (None,)).columns
        ['image', 'coat', 'coat_probability', 'coat_abstain', 'broken']
        """
        names = ["image"]
        for attribute in self.schema.attributes:
            name = attribute.name
            names += [name, f"{name}_probability", f"{name}_abstain"]
            if self.all_probabilities:
                names += [f"{name}_probability_{label}" for label in attribute.classes]
        return [*names, "broken"]

    def describe(self, answers: Answers) -> Iterator[Prediction | UnreadImage]:
        """Yield one document per image: its ``attributes``, or why it is ``broken``."""
        read = [row for row, reason in enumerate(answers.reasons) if reason is None]
        document = predictions_document(
            self.schema,
            [answers.images[row] for row in read],
            [output[read] for output in answers.probabilities],
            self.thresholds,
            factors=self.factors,
            all_probabilities=self.all_probabilities,
        )
        predictions = iter(document["predictions"])
        for image, reason in zip(answers.images, answers.reasons, strict=True):
            yield next(predictions) if reason is None else {"image": image, "broken": reason}

    def document(self, batches: Iterable[Answers]) -> PredictionsDocument:
        """Return the document that :func:`json_document` writes; it must fit in memory.

        Examples
        --------
        >>> import numpy as np
        >>> from lacunar.traits.data.schema import Attribute
        >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
        >>> unread = Answers(("a.png",), ("a.png: torn",), [np.full((1, 2), np.nan)])
        >>> AnswerForm(schema, (None,)).document([unread])
        {'predictions': [], 'broken': [{'image': 'a.png', 'reason': 'a.png: torn'}]}
        """
        document: PredictionsDocument = {"predictions": [], "broken": []}
        for answers in batches:
            for image in self.describe(answers):
                if "broken" in image:
                    document["broken"].append(_broken(image))
                else:
                    document["predictions"].append(image)
        return document

    def rows(self, answers: Answers) -> Iterator[list[Any]]:
        """Yield the cells of ``columns`` for each image; None, except the name, if it is broken."""
        blank = len(self.columns) - 2
        for document in self.describe(answers):
            if "broken" in document:
                yield [document["image"], *[None] * blank, document["broken"]]
                continue
            cells: list[Any] = [document["image"]]
            for answer in document["attributes"].values():
                cells += [answer["label"], answer["probability"], answer["abstain"]]
                cells += answer.get("probabilities", {}).values()
            yield [*cells, None]


def check_predictions(path: Path, form: AnswerForm) -> None:
    """Check early what :func:`writing_predictions` checks after long work.

    Raises
    ------
    InputError
        If the suffix is not a supported one, or two columns have the same name.
    """
    suffix = table_suffix(path)
    if form.spreadsheet_safe and suffix != ".csv":
        raise InputError(f"expected a CSV file to write, got {path}", field="spreadsheet_safe")
    names = form.columns
    twice = next((name for name in names if names.count(name) > 1), None)
    if suffix in {".csv", ".parquet"} and twice is not None:
        raise InputError(
            f"{path}: expected columns of different names, got {twice!r} twice; write JSON instead"
        )


@contextmanager
def writing_predictions(path: Path, form: AnswerForm) -> Iterator[Write]:
    """Write predictions into a file; it appears only when it is complete.

    Parameters
    ----------
    path : Path
        Replaced if it exists. ``.csv`` and ``.parquet`` files have ``form.columns`` and one row
        per image, ``.jsonl`` files one document per image, ``.json`` files one document of
        ``predictions`` and ``broken``. "-" is CSV on stdout.
    form : AnswerForm

    Yields
    ------
    callable
        Called with the answers of one batch at a time.

    Raises
    ------
    InputError
        See :func:`check_predictions`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from lacunar.traits.data.schema import Attribute
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "coats.csv"
    ...     with writing_predictions(path, AnswerForm(schema, (0.8,))) as write:
    ...         write(Answers(("a.png",), (None,), [np.array([[0.25, 0.75]])]))
    ...     print(path.read_text(), end="")
    image,coat,coat_probability,coat_abstain,broken
    a.png,closed,0.75,true,
    """
    check_predictions(path, form)
    with opened(path) as file, _WRITERS[table_suffix(path)](file, form) as write:
        yield write


@contextmanager
def json_document(file: BinaryIO, form: AnswerForm) -> Iterator[Write]:
    """Write predictions into an open file as one document of ``predictions`` and ``broken``."""
    broken: list[BrokenImage] = []
    separator = b""
    file.write(b'{"predictions": [')

    def write(answers: Answers) -> None:
        nonlocal separator
        for document in form.describe(answers):
            if "broken" in document:
                broken.append(_broken(document))
            else:
                file.write(separator + _json(document))
                separator = b", "

    yield write
    file.write(b'], "broken": ' + _json(broken) + b"}\n")


@contextmanager
def json_lines(file: BinaryIO, form: AnswerForm) -> Iterator[Write]:
    """Write predictions into an open file as one JSON document per image and line."""

    def write(answers: Answers) -> None:
        file.writelines(_json(document) + b"\n" for document in form.describe(answers))

    yield write


@contextmanager
def _csv(file: BinaryIO, form: AnswerForm) -> Iterator[Write]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    rows = csv.writer(text, lineterminator="\n")

    def cell(value: Any) -> Any:
        if isinstance(value, bool):
            return str(value).lower()
        runs = isinstance(value, str) and value.startswith(_FORMULA)
        return f"'{value}" if runs and form.spreadsheet_safe else value

    rows.writerow(map(cell, form.columns))
    yield lambda answers: rows.writerows(map(cell, row) for row in form.rows(answers))
    text.flush()
    text.detach()


@contextmanager
def _parquet(file: BinaryIO, form: AnswerForm) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"_probability": pa.float64(), "_abstain": pa.bool_()}
    fields: list[tuple[str, Any]] = [("image", pa.string())]
    for attribute in form.schema.attributes:
        name = attribute.name
        fields.append((name, pa.string()))
        fields += [(f"{name}{suffix}", kind) for suffix, kind in kinds.items()]
        if form.all_probabilities:
            fields += [(f"{name}_probability_{label}", pa.float64()) for label in attribute.classes]
    schema = pa.schema([*fields, ("broken", pa.string())])
    waiting: list[list[Any]] = []

    def flush() -> None:
        columns = zip(*waiting, strict=True) if waiting else ([] for _ in schema)
        arrays = [pa.array(cells, kind) for cells, kind in zip(columns, schema.types, strict=True)]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        waiting.clear()

    def write(answers: Answers) -> None:
        waiting.extend(form.rows(answers))
        if len(waiting) >= _GROUP:
            flush()

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        yield write
        flush()


def _broken(unread: UnreadImage) -> BrokenImage:
    return {"image": unread["image"], "reason": unread["broken"]}


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


_WRITERS = {".csv": _csv, ".json": json_document, ".jsonl": json_lines, ".parquet": _parquet}
