"""Commands whose modules are imported only when run, since those of the benchmarks are slow to import."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from mainspring.cli.command import make_app

__all__ = ["LateCommand", "WithLateCommands"]


class LateCommand(TyperCommand):
    """A placeholder for a command or a group, with its name and help, that imports the real one when run.

    `where` is the module and, after a colon, the `typer.Typer` or the function in it.
    """

    def __init__(self, name: str, where: str, help: str) -> None:  # noqa: A002  typer's own word
        super().__init__(name, help=help)
        self._where = where

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Returns the context of the real command, which is then invoked."""
        module, _, attribute = self._where.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            app = make_app()
            app.command(self.name)(found)
            found = app
        return typer.main.get_command(found).make_context(*arguments, **options)


class WithLateCommands(TyperGroup):
    """A group that lists late commands after its own."""

    late: tuple[LateCommand, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        """Returns the names of all commands, in order."""
        return [*super().list_commands(ctx), *(str(one.name) for one in self.late)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns the command of that name. `ctx` is Click's context."""
        return next((one for one in self.late if one.name == cmd_name), super().get_command(ctx, cmd_name))
