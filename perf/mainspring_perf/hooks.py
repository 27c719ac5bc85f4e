"""What a hook costs and a bound call doesn't: the reason why nothing meets pluggy after wiring."""

from functools import partial
from typing import Any

import pluggy

from mainspring import seams
from mainspring.seams import SEAMS
from mainspring_perf.harness import Benchmark, again, expect, repeat, same_call

__all__ = ["SUITE", "benchmarks"]

SUITE = "hooks"

_PLUGINS = (1, 10)


class _Plugin:
    """Offers nothing, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    @seams.hookimpl
    def register_books(self, catalogue: seams.Catalogue) -> None:
        self.asked += 1


def benchmarks(tiny: bool) -> list[Benchmark]:
    """The same method called through pluggy, with one plugin and with ten, and called directly."""
    calls = 10 if tiny else 10_000
    return [_bound(calls), *(_hook(plugins, calls) for plugins in _PLUGINS)]


def _bound(calls: int) -> Benchmark:
    catalogue: Any = None
    call = partial(_Plugin().register_books, catalogue)
    return Benchmark(
        name="bound call",
        **again(calls, call),
        check=partial(expect, "bound call", None),
        input=f"a method of one argument, {calls} times",
    )


def _hook(plugins: int, calls: int) -> Benchmark:
    manager = pluggy.PluginManager(seams.PROJECT)
    manager.add_hookspecs(seams)
    asked = [_Plugin() for _ in range(plugins)]
    for number, plugin in enumerate(asked):
        manager.register(plugin, name=f"plugin {number}")
    hook = getattr(manager.hook, SEAMS["book"].hook.__name__)
    call = partial(hook, catalogue=None)

    def run() -> list[int]:
        """How often each plugin was asked in this pass."""
        before = [plugin.asked for plugin in asked]
        repeat(calls, call)
        return [plugin.asked - counted for plugin, counted in zip(asked, before, strict=True)]

    name = f"hook call, {plugins} {'plugin' if plugins == 1 else 'plugins'}"
    return Benchmark(
        name=name,
        run=run,
        operations=calls,
        check=partial(expect, name, [calls] * plugins),
        input=f"a hook that {plugins} registered, {calls} times",
        baseline="bound call",
        calls=same_call(calls, call),
    )
