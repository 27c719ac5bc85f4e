"""A group of commands with one that is meant where none is named: `bench book` is `bench run book`."""

from typing import Any, Final

from mainspring.cli.command import CommandGroup

__all__ = ["RunByDefault"]

_DEFAULT: Final = "run"


class RunByDefault(CommandGroup):
    """What doesn't begin with the name of a command of the group is for its command `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the command's name before them where they have none."""
        # A shell that completes a command's name asks with nothing typed yet.
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)
