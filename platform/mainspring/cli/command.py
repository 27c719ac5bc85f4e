"""What our commands do beyond Typer: plain flags, options that always get a value, signals that are reported."""

import re
from itertools import pairwise
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from mainspring.cli.entry import Stopped

__all__ = ["Command", "CommandGroup", "make_app"]

_OPTION: Final = re.compile(r"--?[A-Za-z]")


class Command(TyperCommand):
    """A command. Its flags show no type, and an option isn't given another option's name as its value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, a flag's without "<bool>": it takes no value."""
        return _flags_bare(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises `typer.BadParameter` for an option that is followed by another option in place of its value."""
        _refuse_swallowed(self, ctx, args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command. Ctrl-C leaves as `Stopped`, of which Typer makes no silent exit."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Stopped.by(error, Stopped().words) from None


class CommandGroup(TyperGroup):
    """A group of commands, whose own flags show no type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, a flag's without "<bool>"."""
        return _flags_bare(super().get_params(ctx))


class _App(typer.Typer):
    def command(self, name: str | None = None, *, cls: Any = Command, **options: Any) -> Any:
        return super().command(name, cls=cls, **options)


def make_app(*, cls: type[TyperGroup] = CommandGroup, add_completion: bool = False, **options: Any) -> typer.Typer:
    """A `typer.Typer` whose commands are `Command`s. `options` are Typer's own."""
    return _App(cls=cls, add_completion=add_completion, pretty_exceptions_enable=False, **options)


def _flags_bare(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def _refuse_swallowed(command: TyperCommand, ctx: Any, args: list[str]) -> None:
    takes_value = {
        name
        for param in command.get_params(ctx)
        if param.param_type_name == "option" and not getattr(param, "is_flag", False)
        for name in param.opts
    }
    if ctx.resilient_parsing:
        return
    for name, value in pairwise(args):
        if name == "--":
            return
        if name in takes_value and _OPTION.match(value):
            raise typer.BadParameter(
                f"needs a value, and is followed by the option {value}. If that is the value, write {name}={value}",
                ctx,
                param_hint=name,
            )
