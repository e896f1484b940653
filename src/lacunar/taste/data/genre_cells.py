"""Genres in cells of text: names with a separator, or lists as Python or JSON write them."""

from __future__ import annotations

import ast
import json
import re
import warnings

import duckdb
import pyarrow as pa

from lacunar.taste.data.duckdb import exists, quoted

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
# NumPy writes no commas.
_LIST = rf"\[\s*(?:(?:{_QUOTED})(?:(?:\s*,\s*|\s+)(?:{_QUOTED}))*\s*,?\s*)?\]"
# As The Movie Database writes them.
_OBJECTS = r"\[\s*(?:\{.*\}\s*)?\]"
_ITEM = re.compile(_QUOTED, re.DOTALL)


def genres_of_cells(
    connection: duckdb.DuckDBPyConnection, scan: str, cell: str, separator: str
) -> str:
    r"""SQL of the list of genres of a cell of text.

    The cells are lists, such as ``['Action', 'Drama']``, ``["Action"]`` or ``[]``, or lists of
    objects with a name, such as ``[{'id': 18, 'name': 'Drama'}]``, if all that are not empty are.
    Otherwise they are split at the separator.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Gets the table ``genre_cells`` if the cells are lists.
    scan : str
        SQL of the rows.
    cell : str
        SQL of a cell, from the columns of ``scan``.
    separator : str

    Examples
    --------
    >>> from lacunar.taste.data.duckdb import connect
    >>> with connect() as connection:
    ...     rows = '''(VALUES ('["War", "Spy"]'), ('[]')) AS t(cell)'''
    ...     genres = genres_of_cells(connection, rows, "cell", "|")
    ...     connection.sql(f"SELECT {genres} FROM {rows}").fetchall()
    [(['War', 'Spy'],), ([],)]
    """
    text = f"trim(CAST({cell} AS VARCHAR))"
    rows = f"(SELECT {text} AS cell FROM {scan})"
    is_list = f"regexp_full_match(cell, {quoted(f'{_LIST}|{_OBJECTS}')}, 's')"
    has_lists = exists(connection, rows, f"cell <> '' AND {is_list}")
    split = f"string_split(CAST({cell} AS VARCHAR), {quoted(separator)})"
    if not has_lists or exists(connection, rows, f"cell <> '' AND NOT {is_list}"):
        return split
    cells = connection.sql(f"SELECT DISTINCT cell FROM {rows} WHERE cell <> ''").fetchall()
    texts = [row[0] for row in cells]
    try:
        names = pa.array([_genres(text) for text in texts], pa.list_(pa.string()))
    except ValueError:  # objects without names, or none at all
        return split
    known = pa.table({"known_cell": pa.array(texts, pa.string()), "names": names})
    connection.register("known_cells", known)
    connection.execute("CREATE OR REPLACE TABLE genre_cells AS SELECT * FROM known_cells")
    connection.unregister("known_cells")
    return f"(SELECT names FROM genre_cells WHERE known_cell = {text})"


def _genres(cell: str) -> list[str]:
    if not re.match(r"\[\s*\{", cell):
        return [_unquoted(item) for item in _ITEM.findall(cell)]
    try:
        objects = json.loads(cell)
    except ValueError:
        try:
            objects = ast.literal_eval(cell)
        except SyntaxError as error:
            raise ValueError(cell) from error
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in objects):
        raise ValueError(cell)
    return [one["name"] for one in objects]


def _unquoted(item: str) -> str:
    """The text of a literal of JSON or Python."""
    try:
        return str(json.loads(item))
    except ValueError:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes, which Python keeps as they are
            return str(ast.literal_eval(item))
    except (SyntaxError, ValueError):
        return item[1:-1]
