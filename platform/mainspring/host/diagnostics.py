"""Turns a decoder's error about a value into a helpful one: file, line, key, what was found, what is valid."""

import difflib
import json
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from mainspring.errors import ConfigError
from mainspring.host.key_lines import KeyPath, key_lines

__all__ = ["LARGEST", "Diagnostic", "convert", "did_you_mean", "dotted", "quoted", "shown"]

_T = TypeVar("_T")
_AT: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$?(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_EXPECTED: Final = re.compile(r"^Expected `(?P<kinds>[^`]+)`(?P<rest>.*?)(?:, got .*)?$", re.DOTALL)
_MISSING: Final = re.compile(r"^Object missing required field `(?P<field>.*)`$", re.DOTALL)
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_VALID: Final = {
    "array": "a list",
    "bool": "true or false",
    "decimal": "a number",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "text in quotes",
}
_LIMITS: Final = {" >= ": " of at least ", " <= ": " of at most ", " > ": " above ", " < ": " below "}
_SHOWN: Final = 80

LARGEST: Final = 1e36
"""What no number of a configuration may be above, nor below its negative. A limit larger than that limits nothing."""

# Exact arithmetic takes time and memory by the digits: 1E+999999999 has a milliard of them.
_MOST_DIGITS: Final = 40
_FINEST: Final = -30


class Diagnostic:
    """Makes errors that point at a key of one configuration.

    `origin` is the file, `text` its valid TOML text, `table` its content with the overrides applied, and `overridden`
    the paths set by `--set`. `spelled` gives the option that the user typed for some of them, such as `--feed`.
    `there` maps a key's path to the path where it actually is; other paths map to themselves.
    """

    def __init__(
        self,
        origin: str,
        text: str,
        table: Mapping[str, Any],
        overridden: frozenset[KeyPath],
        spelled: Mapping[KeyPath, str] = MappingProxyType({}),
        there: Callable[[KeyPath], KeyPath] = lambda path: path,
    ) -> None:
        self._there = there
        self._origin = origin
        self._text = text
        self._lines = key_lines(text)
        self._table = table
        self._overridden = overridden
        self._spelled = spelled

    def moved(self, there: Callable[[KeyPath], KeyPath]) -> "Diagnostic":
        """Returns a copy for the same configuration with some keys elsewhere, as `there` says."""
        return Diagnostic(self._origin, self._text, self._table, self._overridden, self._spelled, there)

    def has(self, key: str) -> bool:
        """Whether the configuration has that top-level key."""
        return key in self._table

    def where(self, path: KeyPath) -> str:
        """Returns the file and line of a key, or the override that set it or something in it.

        A key without a line of its own gets that of the nearest table above it.
        """
        path = self._there(path)
        from_the_key_up = [path[:length] for length in range(len(path), 0, -1)]
        for above in from_the_key_up:
            if above in self._overridden:
                return self._option(above)
        for below in sorted(self._overridden):
            if below[: len(path)] == path and path not in self._lines:
                return self._option(below)
        for above in from_the_key_up:
            if above in self._lines:
                return f"{self._origin}:{self._lines[above]}"
        return self._origin

    def error(self, path: KeyPath, problem: str) -> ConfigError:
        """Returns an error about a key: where it is, its full path, and the problem."""
        path = self._there(path)
        where = self.where(path)
        if not path or where == self._option(path):
            return ConfigError(f"{where}: {problem}")
        return ConfigError(f"{where}: {dotted(path)}: {problem}")

    def _option(self, path: KeyPath) -> str:
        return self._spelled.get(path, f"--set {dotted(path)}")

    def unknown_key(self, path: KeyPath, known: Collection[str]) -> ConfigError:
        """Returns an error about an unknown key that lists the `known` keys of its table."""
        return self.error(path, f"no such key{did_you_mean(path[-1], known)}")

    def as_written(self, path: KeyPath) -> KeyPath:
        """Returns the path, cut where the config has a plain value instead of a table: `limit` in `[risk] name = 5`."""
        path = self._there(path)
        node: Any = self._table
        for depth, part in enumerate(path):
            if isinstance(node, Mapping) and part in node:
                node = node[part]
            elif isinstance(node, list) and part.isdigit():
                node = node[int(part)]
            else:
                return path if isinstance(node, Mapping) else path[:depth]
        return path


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Ends a sentence about an unknown name: suggests the nearest known name and lists all of them."""
    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {quoted(nearest[0])}?" if nearest else "."
    return f"{meant} There are: {', '.join(known)}." if known else meant


def convert(value: Any, kind: type[_T], diagnostic: Diagnostic, path: KeyPath, *, beside: Collection[str] = ()) -> _T:
    """Decodes the plain TOML values at `path` into `kind`. Raises `ConfigError`.

    A key that `kind` doesn't have is rejected, even if the struct allows it. `beside` lists further valid keys of the
    table that were taken out of `value` before, so that the error can name them.
    """
    info = inspect.type_info(kind)
    _refuse_unknown(value, info, diagnostic, path, beside)
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value, info, diagnostic, path) from error


def _refuse_unknown(
    value: Any, info: inspect.Type, diagnostic: Diagnostic, path: KeyPath, beside: Collection[str] = ()
) -> None:
    if isinstance(value, dict):
        struct = _struct(info)
        known = [] if struct is None else [field.encode_name for field in struct.fields]
        for name, item in value.items():
            if struct is not None and name not in known and name != struct.tag_field:
                raise diagnostic.unknown_key((*path, name), [*beside, *known])
            _refuse_unknown(item, _below(info, name), diagnostic, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_unknown(item, _below(info, str(index)), diagnostic, (*path, str(index)))
    elif any(isinstance(one, inspect.DecimalType) for one in _alternatives(info)):
        _refuse_unbounded(value, diagnostic, path)


def _refuse_unbounded(value: Any, diagnostic: Diagnostic, path: KeyPath) -> None:
    """Raises `ConfigError` for a decimal number that is too large, or has more digits than can be worked with."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return
    text = str(value).strip()
    if len(text) <= 2 * _MOST_DIGITS:
        try:
            number = Decimal(text)
        except InvalidOperation:
            # What isn't a number at all is for the decoder to say.
            return
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= _FINEST and -LARGEST <= number <= LARGEST:
            return
    raise diagnostic.error(
        diagnostic.as_written(path),
        f"expected a number of at most {LARGEST:g} and {-_FINEST} decimals; found {shown(value)}",
    )


def _explained(message: str, value: Any, info: inspect.Type, diagnostic: Diagnostic, path: KeyPath) -> ConfigError:
    match = _AT.match(message)
    assert match is not None
    what = match["what"]
    for name, index, unnamed in _STEP.findall(match["path"] or ""):
        part = name or index
        if unnamed or isinstance(value, str):
            break
        value = value[int(part)] if isinstance(value, list) else value[part]
        info = _below(info, part)
        path = (*path, part)
    missing = _MISSING.match(what)
    if missing is not None:
        return diagnostic.error(path, f"the required key {missing['field']} is missing")
    choices = _choices(info)
    if choices:
        valid = f"expected one of {', '.join(choices)}"
    elif (expected := _EXPECTED.match(what)) is not None:
        valid = f"expected {_valid(expected['kinds'])}{_limit(expected['rest'])}"
    elif what == "Invalid decimal string":
        valid = "expected a decimal number"
    elif isinstance(value, dict):
        return _broken_rule(what, value, diagnostic, path)
    else:
        valid = what[:1].lower() + what[1:]
    return diagnostic.error(diagnostic.as_written(path), f"{valid}; found {shown(value)}")


def _broken_rule(rule: str, value: Mapping[str, Any], diagnostic: Diagnostic, path: KeyPath) -> ConfigError:
    """Returns an error from a struct's own check, which by convention starts with the name of the field at fault."""
    field, _, rest = rule.partition(" ")
    if field in value and rest:
        return diagnostic.error(diagnostic.as_written((*path, field)), rest)
    return diagnostic.error(path, rule)


def _alternatives(info: inspect.Type) -> tuple[inspect.Type, ...]:
    return info.types if isinstance(info, inspect.UnionType) else (info,)


def _struct(info: inspect.Type) -> inspect.StructType | None:
    """Returns the struct that a table is decoded into, or None if several are possible."""
    structs = [one for one in _alternatives(info) if isinstance(one, inspect.StructType)]
    mappings = [one for one in _alternatives(info) if isinstance(one, inspect.DictType | inspect.AnyType)]
    return structs[0] if len(structs) == 1 and not mappings else None


def _below(info: inspect.Type, part: str) -> inspect.Type:
    """Returns what is expected under a key or an index, or anything if that isn't known."""
    struct = _struct(info)
    for one in _alternatives(info):
        if isinstance(one, inspect.DictType):
            return one.value_type
        if isinstance(one, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType):
            return one.item_type
        if isinstance(one, inspect.TupleType) and part.isdigit() and int(part) < len(one.item_types):
            return one.item_types[int(part)]
    for field in struct.fields if struct is not None else ():
        if field.encode_name == part:
            return field.type
    return inspect.AnyType()


def _choices(info: inspect.Type) -> list[str]:
    """Returns the valid values as TOML writes them, or an empty tuple if it isn't a choice."""
    values: list[Any] = []
    for one in _alternatives(info):
        if isinstance(one, inspect.LiteralType):
            values.extend(one.values)
        elif isinstance(one, inspect.EnumType):
            values.extend(member.value for member in one.cls)
        elif not isinstance(one, inspect.NoneType):
            return []
    return [quoted(value) if isinstance(value, str) else str(value) for value in values]


def _valid(kinds: str) -> str:
    return " or ".join(_VALID.get(kind, kind) for kind in kinds.split(" | ") if kind != "null")


def _limit(rest: str) -> str:
    for sign, words in _LIMITS.items():
        if rest.startswith(sign):
            return words + rest.removeprefix(sign).removesuffix(".0")
    return rest


def shown(value: Any) -> str:
    """Formats a value for an error: its TOML type and its text, shortened if long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "the text", int: "the number", float: "the number", dict: "the table", list: "the list"}
    text = quoted(value) if isinstance(value, str) else str(value)
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"{kinds.get(type(value), 'the date or time')} {cut}"


def dotted(path: KeyPath) -> str:
    """Formats a path as TOML does: parts with characters other than letters, digits, "_" and "-" are quoted."""
    return ".".join(part if _BARE.fullmatch(part) else quoted(part) for part in path)


def quoted(text: str) -> str:
    """Formats text as TOML does, in double quotes."""
    return json.dumps(text, ensure_ascii=False)
