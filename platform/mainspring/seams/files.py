"""Options that name a file."""

from typing import Annotated, TypeAlias, get_args, get_type_hints

import msgspec

__all__ = ["FileOption", "file_options"]

_MARK = {"file": True}

FileOption: TypeAlias = Annotated[str, msgspec.Meta(extra=_MARK)]
"""An option that names a file. What the config gives is resolved as every path in it; "" stays: no file."""


def file_options(options: type[msgspec.Struct]) -> list[str]:
    """Returns the names of the options of this type."""
    hints = get_type_hints(options, include_extras=True)
    return [
        name
        for name, hint in hints.items()
        if any(isinstance(one, msgspec.Meta) and one.extra == _MARK for one in get_args(hint)[1:])
    ]
