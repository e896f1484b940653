"""Option names in errors: arguments that the library names become options of the command."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from lacunar.errors import InputError


class OptionNames(TyperGroup):
    """A command group that replaces argument names in errors by the names of options."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; raise its errors with option names instead of argument names."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            if command is None:
                raise
            names = {
                parameter.name: max(parameter.opts, key=len)
                for parameter in command.params
                if parameter.name and parameter.opts[0].startswith("-")
            }
            raise error.renamed(names) from error.__cause__
