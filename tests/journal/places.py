"""Journals that outlive a process, as tests and killed writers open them."""

import json
from dataclasses import dataclass
from typing import Any

from mainspring_plugins.journals.postgres import PostgresJournal, PostgresOptions
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

__all__ = ["Place"]

_KINDS: dict[str, tuple[Any, Any]] = {
    "sqlite": (SqliteJournal, SqliteOptions),
    "postgres": (PostgresJournal, PostgresOptions),
}


@dataclass(frozen=True)
class Place:
    """Where a journal is: the plugin and its options, also as an argument of a program."""

    kind: str
    options: dict[str, Any]

    def open(self):
        """Opens the journal."""
        journal, options = _KINDS[self.kind]
        return journal(options=options(**self.options))

    def argument(self):
        """The place as text."""
        return json.dumps([self.kind, self.options])

    @classmethod
    def of(cls, argument):
        """The place that the text names."""
        return cls(*json.loads(argument))
