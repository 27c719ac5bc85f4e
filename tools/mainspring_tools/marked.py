"""What is measured goes into marked places of documentation pages; what stands outside of these is left alone."""

from datetime import UTC, datetime
from pathlib import Path

from mainspring import __version__
from mainspring.data import write_atomically
from mainspring.errors import DataError
from mainspring.session import host_facts

__all__ = ["describe_machine", "put_between", "write_between"]


def put_between(text: str, page: Path, name: str, block: str, *, command: str | None = None) -> str:
    """The text with `block` in the place of that name, between `<!-- NAME -->` and `<!-- end of NAME -->`.

    With `command` the first mark tells it too: `<!-- NAME: written by `COMMAND` -->`. Raises `DataError`, with the
    page's name, if the place isn't there.
    """
    begin = f"<!-- {name} -->" if command is None else f"<!-- {name}: written by `{command}` -->"
    end = f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise DataError(f"{page}: there is no place for {name}, which begins with {begin} and ends with {end}")
    return f"{before}{begin}\n{block}{end}{after}"


def write_between(page: Path, name: str, block: str) -> None:
    """Writes a page again with `block` in the place of that name. Raises `DataError` if either isn't there."""
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{page}: {error.strerror}; name a page that is there") from error
    write_atomically(page, put_between(text, page, name, block).encode())


def describe_machine() -> str:
    """The machine, the versions and the day, in a sentence."""
    known = ", ".join(f"{name} {value}" for name, value in host_facts().items())
    return f"Measured on {datetime.now(tz=UTC):%Y-%m-%d}: Mainspring {__version__}; {known}."
