"""Finds journals and opens them, with what they raise named for their plugins."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mainspring.errors import DataError, PluginError
from mainspring.host.config import load_config, parse_config
from mainspring.host.diagnostics import quoted
from mainspring.host.guard import calling
from mainspring.host.plan import Choice
from mainspring.host.planning import Planner
from mainspring.host.registry import Registry
from mainspring.plugin_calls import describe_exception, guarded, is_interrupt
from mainspring.seams import Journal

__all__ = ["find_journal", "open_journal"]


class _Guarded:
    """A `Journal` whose errors name its plugin.

    Every error in writing is a `PluginError`, after which the lane takes no new risk. In reading, a `DataError` says
    what is damaged, and passes.
    """

    def __init__(self, journal: Journal, choice: Choice) -> None:
        owner = ("journal", choice.plugin, choice.distribution)
        self._journal = journal
        self._choice = choice
        self.begin = guarded(journal.begin, *owner)
        self.append = guarded(journal.append, *owner)
        self.close = guarded(journal.close, *owner)

    def sessions(self) -> Sequence[int]:
        """The numbers of all sessions."""
        with self._reading():
            return self._journal.sessions()

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        """The blocks of a session with their numbers."""
        with self._reading():
            yield from self._journal.blocks(session)

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        """The last block of a session with its number; None if it has none."""
        with self._reading():
            return self._journal.last_block(session)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (DataError, GeneratorExit):
            raise
        except BaseException as error:
            if is_interrupt(error):
                raise
            plugin, distribution = self._choice.plugin, self._choice.distribution
            raise PluginError(
                distribution,
                f"the journal {plugin!r} of {distribution} can't be read: {describe_exception(error)}",
            ) from error


def open_journal(choice: Choice, registry: Registry) -> Journal:
    """Makes the journal of a plan's choice. Raises `JournalError` or `PluginError` if there is none to be had."""
    offer = registry.get("journal", choice.plugin)
    with calling(offer, "be opened"):
        made = offer.factory() if choice.options is None else offer.factory(options=choice.options)
    return _Guarded(made, choice)


def find_journal(where: Path, *, is_journal: bool) -> tuple[Choice, Registry]:
    """Returns the choice for the journal that a command reads, and the plugins.

    `where` is the journal's own file if `is_journal`, and else a config. Raises `ConfigError` if that has no journal.
    """
    if is_journal:
        loaded = parse_config(f"journal.path = {quoted(str(where))}", str(where), Path())
    else:
        loaded = load_config(where)
    registry = Registry.load(loaded.config.plugins.loaded)
    choice = Planner(loaded, registry).journal()
    if choice is None:
        raise loaded.diagnostic.error(
            ("journal",), "there is no [journal] table, so the sessions of this config have no journal"
        )
    return choice, registry
