"""The native module, or the reason why its tests are skipped; and every capture that is here."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainspring.data.capture import read_capture
from mainspring.seams import RawMessage
from mainspring_native import why_missing

_DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
_RECEIVED = re.compile(rb"(?:https?://\S*depth\?symbol=(\w+)\S* -> )?(\d+\.\d+): (.*)")


@pytest.fixture(autouse=True)
def _native_is_here() -> None:
    reason = why_missing()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def messages_of() -> Callable[[str], Iterator[RawMessage]]:
    """The messages of a capture below ../shared/data, in order; skips the test, by name, where it is absent."""

    def read(name: str) -> Iterator[RawMessage]:
        path = _DATA / name
        if not path.is_file():
            pytest.skip(f"captures absent: {name}")
        if path.suffix == ".gz":
            return iter(read_capture(path))
        return _lines(path)

    return read


def _lines(path: Path) -> Iterator[RawMessage]:
    for number, line in enumerate(path.read_bytes().splitlines()):
        found = _RECEIVED.fullmatch(line)
        if found is None:
            yield number, line
            continue
        symbol, _, raw = found.groups()
        if symbol is not None:
            raw = b'{"stream":"%b@depthSnapshot","data":%b}' % (symbol.lower(), raw)
        yield number, raw
