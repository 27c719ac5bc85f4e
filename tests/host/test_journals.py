"""Opening journals: whatever a stranger's journal raises while it is read names its plugin."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from mainspring.errors import JournalError, PluginError
from mainspring.host.config import parse_config
from mainspring.host.journals import open_journal
from mainspring.host.plan import Choice
from mainspring.host.slots import JournalConfig
from mainspring_plugins.journals.memory import MemoryJournal

if TYPE_CHECKING:
    from mainspring.host.registry import Registry


class Failing(MemoryJournal):
    """A journal that raises whenever it is read."""

    error: BaseException = KeyError("row")

    def sessions(self):
        raise self.error

    def blocks(self, session):
        yield 1, b"block"
        raise self.error


class Shelf:
    """A registry with that journal alone."""

    def get(self, seam, name):
        return type("Offer", (), {"factory": Failing, "seam": seam, "name": name, "distribution": "d", "version": "1"})


@pytest.fixture
def journal():
    choice = Choice(
        slot="journal",
        seam="journal",
        plugin="failing",
        distribution="strangers-journal",
        version="1",
        rule="pinned",
        because="",
    )
    return open_journal(choice, cast("Registry", Shelf()))


@pytest.mark.parametrize("error", [KeyError("row"), SystemExit(3)])
def test_what_is_raised_in_reading_names_the_plugin(journal, monkeypatch, error):
    """At once or at a later block; also if it asks the process to end."""
    monkeypatch.setattr(Failing, "error", error)
    for read in (journal.sessions, lambda: list(journal.blocks(1))):
        with pytest.raises(PluginError, match=r"'failing' of strangers-journal can't be read: (KeyError|SystemExit)"):
            read()


def test_damage_passes(journal, monkeypatch):
    """A journal that says what is damaged is believed, and one whose blocks aren't all read is left alone."""
    monkeypatch.setattr(Failing, "error", JournalError("page 3 is damaged"))
    with pytest.raises(JournalError, match="page 3"):
        list(journal.blocks(1))
    next(journal.blocks(1))


def test_a_live_session_refuses_to_lose_orders():
    """An asynchronous journal is for replays and paper; in a live session somebody has to accept the loss."""
    with pytest.raises(ValueError, match=r"may lose orders.*journal\.accept_loss = true"):
        JournalConfig(durability="async").check_mode("live")
    JournalConfig(durability="async", accept_loss=True).check_mode("live")
    JournalConfig().check_mode("live")
    JournalConfig(durability="async").check_mode("paper")


def test_every_configuration_is_asked(monkeypatch):
    """The mode of a configuration is held against its journal when it is made."""
    asked = []
    monkeypatch.setattr(JournalConfig, "check_mode", lambda self, mode: asked.append((self.durability, mode)))
    parse_config('[journal]\ndurability = "async"', "the test", Path())
    assert asked == [("async", "paper")]
