"""Options declared as the fields of a ``TypedDict``, for commands that pass them on together."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_type_hints

Command = TypeVar("Command", bound=Callable[..., None])


def expand_options(command: Command) -> Command:
    """Let Typer see ``**options: Unpack[Group]`` as one option per field, ``None`` by default.

    Typer reads the options of a command from its signature and knows no ``**options``. It lists
    panels of the help in the order of the signature: the command's own options in panels come last.

    Examples
    --------
    >>> from typing import TypedDict, Unpack
    >>> class Group(TypedDict):
    ...     folds: int | None
    >>> @expand_options
    ... def fit(data: str, **options: Unpack[Group]) -> None: ...
    >>> print(inspect.signature(fit))
    (data: str, *, folds: int | None = None) -> None
    """
    hints = get_type_hints(command, include_extras=True)
    (group,) = get_args(hints["options"])
    signature = inspect.signature(command, eval_str=True)
    own = [one for one in signature.parameters.values() if one.name != "options"]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in get_type_hints(group, include_extras=True).items()
    ]
    common = [one for one in own if not _in_panel(one)]
    rest = [one.replace(kind=one.KEYWORD_ONLY) for one in own if _in_panel(one)]
    expanded: Any = command
    expanded.__signature__ = signature.replace(parameters=[*common, *options, *rest])
    return command


def _in_panel(option: inspect.Parameter) -> bool:
    return any(getattr(one, "rich_help_panel", None) for one in get_args(option.annotation)[1:])
