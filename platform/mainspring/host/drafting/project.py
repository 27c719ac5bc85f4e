"""Drafts a feed from a file, with what its project needs."""

from functools import partial
from itertools import islice
from pathlib import Path

from mainspring.data import read_capture
from mainspring.data.spool import as_capture
from mainspring.errors import DataError
from mainspring.host.drafting.code import declaration_code
from mainspring.host.drafting.draft import Draft, draft_feed
from mainspring.host.registry import OURS, Registry
from mainspring.host.scaffold import Drafted

__all__ = ["draft_from_capture"]

_READ = 20_000
_SAMPLE_MESSAGES = 1_000


def draft_from_capture(path: Path) -> tuple[Draft, Drafted]:
    """The draft from the first 20,000 messages of a capture or of a recording in cryptofeed's form, and its project.

    The project's sample are the first 1,000. Raises `DataError` if the file can't be read, and `MainspringError` if
    nothing in it looks like a feed.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    registry = Registry.load(OURS)
    codec = registry.best("codec", format="json").factory()
    messages = list(islice(read_capture(as_capture(path)), _READ))
    draft = draft_feed(messages, codec, registry.best("book").factory)
    found = draft.feed.find_instruments(messages, codec)
    # A newline in JSON is white space.
    sample = "".join(
        f"{time_ns} {raw.decode(errors='replace')}".replace("\n", " ").replace("\r", " ") + "\n"
        for time_ns, raw in messages[:_SAMPLE_MESSAGES]
    )
    code = partial(declaration_code, draft, capture=path.name)
    return draft, Drafted(code, sample, found[0].symbol if found else "")
