"""Labels in the form of scikit-learn: columns of classes, some of them unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.frames import is_frame, wrapped_frame
from lacunar.traits.data.schema import UNKNOWN, Attribute

# Code of a class that the training labels do not have.
_UNSEEN = -2
_NAME = "attribute {}"


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of n images for A attributes.

    Parameters
    ----------
    names : tuple of A str
    columns : tuple of A lists of n objects
        None where the label is unknown.
    is_flat : bool
        Whether the labels were one-dimensional.

    Examples
    --------
    >>> targets = read_targets([["open", 1], ["closed", -1], [None, 0]])
    >>> targets.columns
    (['open', 'closed', None], [1, None, 0])
    >>> targets.codes(targets.classes()).tolist()
    [[1, 1], [0, -1], [-1, 0]]
    """

    names: tuple[str, ...]
    columns: tuple[list[Any], ...]
    is_flat: bool

    def __len__(self) -> int:
        return len(self.columns[0])

    def classes(self) -> list[NDArray[Any]]:
        """Sorted classes of each attribute; whole numbers are integers.

        Raises
        ------
        InputError
            If an attribute has fewer than two classes, classes of several types, or numbers that
            are not whole.
        """
        return [_classes(*both) for both in zip(self.names, self.columns, strict=True)]

    def codes(self, classes: list[NDArray[Any]]) -> NDArray[np.int64]:
        """Index of each label in the classes of its attribute, shape (n, A).

        -1 where the label is unknown, -2 where it is another class.

        Raises
        ------
        InputError
            If there are other numbers of attributes.
        """
        if len(classes) != len(self.columns):
            raise InputError(
                f"expected labels of {len(classes)} attributes, got {len(self.columns)}", field="y"
            )
        codes = np.empty((len(self), len(classes)), np.int64)
        for position, (values, known) in enumerate(zip(self.columns, classes, strict=True)):
            code_of = {value: code for code, value in enumerate(known.tolist())} | {None: UNKNOWN}
            codes[:, position] = [code_of.get(value, _UNSEEN) for value in values]
        return codes


def read_targets(y: Any) -> Targets:
    """Read labels.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, A), or frame of A columns
        None, NaN, -1 and empty text are unknown labels.

    Raises
    ------
    InputError
        If it is None, has no rows or no columns, or more than two dimensions.
    """
    import narwhals as nw

    if y is None:
        raise InputError("the classifier requires y to be passed, but the target y is None")
    if is_frame(y):
        frame = wrapped_frame(y, argument="y").lazy().collect()
        names, is_flat = tuple(frame.columns), False
        columns = [_values(frame[name]) for name in names]
    elif isinstance(series := nw.from_native(y, allow_series=True, pass_through=True), nw.Series):
        names, is_flat = (str(series.name or _NAME.format(0)),), True
        columns = [_values(series)]
    else:
        values = np.asarray(y, dtype=None if isinstance(y, np.ndarray) else object)
        is_flat = values.ndim == 1
        table = values[:, np.newaxis] if is_flat else values
        if table.ndim != 2:
            raise InputError(
                f"expected labels of shape (n,) or (n, attributes), got {values.shape}", field="y"
            )
        names = tuple(map(_NAME.format, range(table.shape[1])))
        columns = [column.tolist() for column in table.T]
    if not columns or not columns[0]:
        raise InputError("expected at least one label, got none", field="y")
    return Targets(names, tuple([_known(value) for value in column] for column in columns), is_flat)


def attribute_of(name: str, classes: NDArray[Any]) -> Attribute:
    """Make the attribute of some classes; a number that is not its own index gets a word.

    Examples
    --------
    >>> attribute_of("coat", np.array([0, 1, 7])).classes
    ('0', '1', 'class 7')
    """
    names = []
    for position, value in enumerate(classes.tolist()):
        text = str(value)
        names.append(f"class {text}" if _is_number(text) and text != str(position) else text)
    return Attribute(name, tuple(names))


def _values(column: Any) -> list[Any]:
    both = zip(column.to_list(), column.is_null().to_list(), strict=True)
    return [None if missing else value for value, missing in both]


def _known(value: Any) -> Any:
    """A label as a plain value; None if it is unknown."""
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or (isinstance(plain, str) and not plain):
        return None
    if isinstance(plain, float):
        if math.isnan(plain):
            return None
        plain = int(plain) if plain.is_integer() else plain
    return None if type(plain) is int and plain == UNKNOWN else plain


def _classes(name: str, column: list[Any]) -> NDArray[Any]:
    types = {type(value) for value in column if value is not None}
    if len(types) > 1 or not types <= {str, int, bool}:
        got = ", ".join(sorted(one.__name__ for one in types))
        raise InputError(
            f"expected labels of {name} that are all text, whole numbers or truth values,"
            f" got {got}",
            field="y",
        )
    known = {value for value in column if value is not None}
    if len(known) < 2:
        raise InputError(
            f"expected labels of at least 2 classes of {name}, got {len(known)}", field="y"
        )
    return np.array(sorted(known))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
