"""Option names in errors and warnings: arguments of the library become options of the command."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

from typer.core import TyperGroup

from lacunar.cli.console import errors
from lacunar.errors import InputError


class OptionNames(TyperGroup):
    """A command group that replaces argument names by the names of options.

    A warning is one line.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run a command; raise its errors with option names instead of argument names."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = partial(self._warn, ctx)
                return super().invoke(ctx)
        except InputError as error:
            raise error.renamed(self._names(ctx)) from error.__cause__

    def _names(self, ctx: Any) -> dict[str, str]:
        """Options of the running command by the names of their arguments."""
        command = self.get_command(ctx, ctx.invoked_subcommand or "")
        return {
            parameter.name: max(parameter.opts, key=len)
            for parameter in ([] if command is None else command.params)
            if parameter.name and parameter.opts[0].startswith("-")
        }

    def _warn(self, ctx: Any, message: Warning | str, *where: object, **more: object) -> None:
        del where, more
        sentence = InputError(" ".join(str(message).split())).renamed(self._names(ctx))
        errors.print(f"Warning: {sentence}", style="yellow")
