"""The names of options in errors: the library names arguments, the command line its options."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from lacunar.errors import InputError


class OptionNames(TyperGroup):
    """A group of commands that puts the names of options into the errors of the library."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an error that names arguments names the command's options instead."""
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
