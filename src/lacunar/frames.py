"""Data frames of any library, in and out, through narwhals and Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from lacunar.errors import InputError

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa

#: The libraries in which frames are returned.
FrameKind = Literal["pandas", "polars", "pyarrow"]


def is_frame(source: object) -> bool:
    """Whether an object is a frame: of pandas, Polars or PyArrow, or a relation of DuckDB.

    Examples
    --------
    >>> import pyarrow as pa
    >>> is_frame(pa.table({"user": [1]})), is_frame("ratings.csv")
    (True, False)
    """
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    try:
        return isinstance(nw.from_native(source, pass_through=True), nw.DataFrame | nw.LazyFrame)
    except DuplicateError:
        return True


def wrapped_frame(frame: Any, *, argument: str) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Wrap a frame of any library, to read it with narwhals.

    Parameters
    ----------
    frame : DataFrame, Table or relation
    argument : str
        Name of the argument that holds it, for errors.

    Raises
    ------
    InputError
        If it is not a frame, or two columns have the same name.

    Examples
    --------
    >>> import pyarrow as pa
    >>> wrapped_frame(pa.table({"user": [1]}), argument="ratings").columns
    ['user']
    """
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    try:
        wrapped = nw.from_native(frame, pass_through=True)
    except DuplicateError as error:
        raise InputError(
            "expected columns of different names, got several of one name", field=argument
        ) from error
    if not isinstance(wrapped, nw.DataFrame | nw.LazyFrame):
        raise InputError(
            f"expected a frame of pandas, Polars or PyArrow, got {type(frame).__name__}",
            field=argument,
        )
    return wrapped


def frame_to_arrow(frame: Any, *, argument: str) -> tuple[pa.Table, FrameKind]:
    """Convert a frame to an Arrow table.

    Parameters
    ----------
    frame : DataFrame, Table or relation
    argument : str
        Name of the argument that holds it, for errors.

    Returns
    -------
    table : pyarrow.Table
    kind : {"pandas", "polars", "pyarrow"}
        The library of the frame; PyArrow for other ones.

    Raises
    ------
    InputError
        If it is not a frame, two columns have the same name, or a column cannot be converted.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame_to_arrow(pa.table({"user": [1]}), argument="ratings")[1]
    'pyarrow'
    """
    import narwhals as nw
    import pyarrow as pa

    wrapped = wrapped_frame(frame, argument=argument)
    collected = wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped
    try:
        table = collected.to_arrow()
    except (pa.ArrowException, TypeError, ValueError) as error:
        # PyArrow's errors about a column of pandas have the cause, then the column.
        causes = error.args if len(error.args) > 1 else str(error).splitlines()[:1]
        first = "; ".join(map(str, causes))
        raise InputError(
            f"expected columns of one type each, got: {first}", field=argument
        ) from error
    return table, _kind(collected)


def arrow_to_frame(table: pa.Table, kind: FrameKind) -> Any:
    """Convert an Arrow table to a frame of a library.

    Raises
    ------
    InputError
        If it is another library.

    Examples
    --------
    >>> import pyarrow as pa
    >>> arrow_to_frame(pa.table({"user": [1]}), "pyarrow").to_pylist()
    [{'user': 1}]
    """
    import narwhals as nw

    match kind:
        case "pandas":
            return nw.from_native(table, eager_only=True).to_pandas()
        case "polars":
            return nw.from_native(table, eager_only=True).to_polars()
        case "pyarrow":
            return table
        case _:
            raise InputError(f"expected pandas, polars or pyarrow, got {kind!r}", field="kind")


def _kind(frame: Any) -> FrameKind:
    name = str(frame.implementation).rpartition(".")[2].lower()
    return "pandas" if name == "pandas" else "polars" if name == "polars" else "pyarrow"
