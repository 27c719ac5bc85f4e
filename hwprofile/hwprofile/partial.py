"""Builds profiles with few known fields, for tests and benchmarks."""

import dataclasses
import typing
from typing import Any, TypeVar

from hwprofile.profile import SCHEMA, Limit

__all__ = ["partly_known"]

_T = TypeVar("_T")


def partly_known(kind: type[_T], /, **known: object) -> _T:
    """Returns a value of a type of `hwprofile.profile` in which only the given fields are known.

    The other fields are None, an empty tuple, an unknown limit, or a part in which nothing is known. Raises `TypeError`
    if a missing field has no such value, such as the number of a CPU, and if a given name isn't a field.
    """
    types = typing.get_type_hints(kind)
    missing = {
        field.name: _nothing(types[field.name])
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.name != "schema" and field.name not in known and _has_nothing(types[field.name])
    }
    if "schema" in types:
        missing["schema"] = SCHEMA
    return kind(**{**missing, **known})


def _has_nothing(of: Any) -> bool:
    return type(None) in typing.get_args(of) or typing.get_origin(of) is tuple or dataclasses.is_dataclass(of)


def _nothing(of: Any) -> object:
    if type(None) in typing.get_args(of):
        return None
    if typing.get_origin(of) is tuple:
        return ()
    if of is Limit:
        return Limit(state="unknown", value=None, source="made by hand")
    return partly_known(of)
