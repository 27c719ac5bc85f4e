"""Reads the text of a configuration, within bounds, and says what a file is that isn't one."""

import re
from pathlib import Path
from typing import Final

from mainspring.errors import ConfigError

__all__ = ["MOST_BYTES", "MOST_LEVELS", "check_levels", "excerpt", "read_text"]

MOST_BYTES: Final = 1 << 20
"""How large a configuration may be: some ten thousand instruments, each with its own table."""

MOST_LEVELS: Final = 32
"""How many parts a key may have, as in `a.b.c`. TOML readers take time and memory by the square of it."""

_EXCERPT: Final = 80
_CAPTURE: Final = re.compile(rb"\x1f\x8b|\x28\xb5\x2f\xfd|\d{10,19} ")
_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')"""
_TOKEN: Final = re.compile(
    # Text of several lines and comments first, since what looks like a key in them is none.
    r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''|#[^\n]*+|" + rf"(?P<key>{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+)",
    re.DOTALL,
)
_POINT: Final = re.compile(rf"{_PART}")


def read_text(path: Path) -> str:
    """The text of a configuration file. Raises `ConfigError` for one that is absent, too large, or something else."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; `mainspring init {path}` writes one to start from") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    if _CAPTURE.match(data):
        raise ConfigError(
            f"{path} looks like a capture, not a configuration: run it with `mainspring run --capture {path}`"
        )
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{path}: is larger than {MOST_BYTES:,} bytes, which no configuration is")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}:{line}: isn't UTF-8 text: the byte 0x{data[error.start]:02x} stands there; save the file as UTF-8"
        ) from error


def check_levels(text: str, origin: str) -> None:
    """Raises `ConfigError` for a key of more than `MOST_LEVELS` parts, before a TOML reader has to parse it.

    `origin` names the text in the error.
    """
    for token in _TOKEN.finditer(text):
        key = token["key"]
        if key is not None and key.count(".") >= MOST_LEVELS and len(_POINT.findall(key)) > MOST_LEVELS:
            line = text.count("\n", 0, token.start()) + 1
            raise ConfigError(
                f"{origin}:{line}: a key of more than {MOST_LEVELS} parts: {excerpt(key)}; no setting lies that deep"
            )


def excerpt(text: str) -> str:
    """The beginning of a text that may be long."""
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}..."
