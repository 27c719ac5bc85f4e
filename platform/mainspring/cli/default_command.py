"""A group of commands with a default: `bench book` means `bench run book`."""

from typing import Any, Final

from mainspring.cli.command import CommandGroup

__all__ = ["RunByDefault"]

_DEFAULT: Final = "run"


class RunByDefault(CommandGroup):
    """Passes arguments that don't start with a command of the group to its command `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Inserts the name `run` before `args` that don't start with a command. `ctx` is Click's context."""
        # A shell that completes a command's name asks with nothing typed yet.
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)
