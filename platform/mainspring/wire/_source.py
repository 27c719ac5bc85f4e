"""Writes a declaration's reader as Python source: paths, constants and checks inline, without a call for each value.

A `Source` is one function, made for each instrument by another one whose parameters are the instrument's own tables:

    def make(index, ticks):
        def read(root, item, receive_time_ns):
            ...
        return read

What was written shows in tracebacks and debuggers, as it does for dataclasses, and `text` is the whole of it.
"""

import builtins
import linecache
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Generic, TypeVar

__all__ = ["ABSENT", "Source"]

ABSENT: Any = object()
"""What a path finds where there is nothing."""

_Own = TypeVar("_Own")

_MAX_COMPILED = 4096


class Source(Generic[_Own]):
    """One function's source, written line by line.

    `parameters` are the function's. Paths that begin alike share what was found on the way, so they are followed where
    the function isn't indented. With `whole`, message and item are the same.
    """

    def __init__(self, name: str, parameters: Sequence[str], *, whole: bool = False) -> None:
        self.name = name
        self._parameters = parameters
        self._whole = whole
        self._start = "item"
        self._lines: list[str] = []
        self._constants: dict[str, Any] = {"ABSENT": ABSENT}
        self._own: dict[str, Callable[[_Own], Any]] = {}
        self._shared: dict[tuple[str, object], str] = {}
        self._found: dict[str, str] = {}
        self._names = {*parameters, *dir(builtins)}
        self._make: Callable[..., Callable[..., Any]] | None = None

    @property
    def text(self) -> str:
        """The whole source."""
        body = "".join(f"        {line}\n" for line in self._lines)
        inner = f"    def {self.name}({', '.join(self._parameters)}):\n{body}    return {self.name}\n"
        return f"def make({', '.join(self._own)}):\n{inner}"

    def write(self, *lines: str) -> None:
        """Adds lines of the function."""
        self._lines += lines

    def constant(self, name: str, value: Any) -> str:
        """A name for a value that is the same for all instruments."""
        for known, other in self._constants.items():
            if other is value:
                return known
        name = self.local(name)
        self._constants[name] = value
        return name

    def own(self, name: str, make: Callable[[_Own], Any], what: object = None) -> str:
        """A name for what `make` makes of what the function is made for: an instrument's own table, mostly.

        The same `name` of the same `what`, if it isn't None, is the same value.
        """
        if what is not None and (name, what) in self._shared:
            return self._shared[name, what]
        free = self.local(name)
        self._own[free] = make
        self._shared[name, what] = free
        return free

    def local(self, name: str) -> str:
        """A name like that one, which nothing else has."""
        name = re.sub(r"\W", "_", name, flags=re.ASCII)
        free, number = name, 1
        while free in self._names or free in self._constants:
            number += 1
            free = f"{name}_{number}"
        self._names.add(free)
        return free

    def start_at(self, variable: str) -> None:
        """Lets paths begin at what that variable holds, instead of the item."""
        self._start = variable

    def at(self, path: str) -> str:
        """The variable that holds what stands at a path; `ABSENT` if nothing does.

        A path begins at the item, or at the whole message if it starts with "/". One that starts with "@" finds the
        key, in the object under the rest of it, of the value that the item is or is in.
        """
        if path.startswith("@"):
            return self._key(path)
        start = self._start
        if path.startswith("/"):
            start, path = "item" if self._whole else "root", path[1:]
        found = walked = start
        for step in path.split(".") if path else ():
            walked += f".{step}"
            if walked not in self._found:
                self._found[walked] = self._step(found, step, walked)
            found = self._found[walked]
        return found

    def _key(self, path: str) -> str:
        if path not in self._found:
            found = self.at("/" + path[1:])
            name = self._found[path] = self.local("key_" + path[1:])
            self.write(f"{name} = {self.constant('key_of', _key_of)}({found}, item)")
        return self._found[path]

    def _step(self, before: str, step: str, walked: str) -> str:
        """Goes one step. One with a place in an array takes the keys of objects too."""
        name = self.local("at_" + walked.partition(".")[2])
        in_object = f"{before}.get({step!r}, ABSENT) if type({before}) is dict else ABSENT"
        if step.isascii() and step.removeprefix("-").isdigit():
            place = int(step)
            least = -place if place < 0 else place + 1
            in_object = f"{before}[{place}] if type({before}) is list and len({before}) >= {least} else {in_object}"
        self.write(f"{name} = {in_object}")
        return name

    def make(self, own: _Own) -> Callable[..., Any]:
        """The function, made for an instrument."""
        if self._make is None:
            made: dict[str, Any] = dict(self._constants)
            # Of declarations only, whose texts stand in it as literals.
            exec(_compiled(self.name, self.text), made)  # noqa: S102
            self._make = made["make"]
        return self._make(**{name: make(own) for name, make in self._own.items()})


def _key_of(found: Any, item: Any) -> Any:
    """The key of the value that an item is, or that is an array with the item."""
    for name, value in found.items() if type(found) is dict else ():
        if value is item or (type(value) is list and any(one is item for one in value)):
            return name
    return ABSENT


@lru_cache(maxsize=_MAX_COMPILED)
def _compiled(name: str, text: str) -> CodeType:
    """The code of a source, under a file name by which tracebacks find its lines."""
    file = f"<mainspring.wire {name} {_compiled.cache_info().misses}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    return compile(text, file, "exec")
