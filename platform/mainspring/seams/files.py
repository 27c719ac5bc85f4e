"""Options that name a file."""

from pathlib import Path
from typing import Annotated, Final, TypeAlias, get_args, get_type_hints

import msgspec

__all__ = ["FileOption", "OutputOption", "file_options", "writing_to"]

_READ: Final = {"file": "read"}
_WRITTEN: Final = {"file": "written"}

FileOption: TypeAlias = Annotated[str, msgspec.Meta(extra=_READ)]
"""An option that names a file to read. What the config gives is resolved as every path in it; "" stays: no file."""

OutputOption: TypeAlias = Annotated[str, msgspec.Meta(extra=_WRITTEN, min_length=1)]
"""An option that names a file to write, relative to the config's folder. It needn't exist."""


def file_options(options: type[msgspec.Struct]) -> list[str]:
    """Returns the names of the options of this type that are files to read."""
    return _marked(options, _READ)


def writing_to(options: msgspec.Struct, folder: Path) -> msgspec.Struct:
    """Returns the options with the files that they write resolved against a folder."""
    names = _marked(type(options), _WRITTEN)
    return msgspec.structs.replace(
        options, **{name: str((folder / getattr(options, name)).absolute()) for name in names}
    )


def _marked(options: type[msgspec.Struct], mark: dict[str, str]) -> list[str]:
    hints = get_type_hints(options, include_extras=True)
    return [
        name
        for name, hint in hints.items()
        if any(isinstance(one, msgspec.Meta) and one.extra == mark for one in get_args(hint)[1:])
    ]
