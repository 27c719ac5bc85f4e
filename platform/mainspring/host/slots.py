"""The configuration's tables for slots: the plugin's name, what belongs to the host, and the plugin's own options."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import msgspec

from mainspring.model import Contract

__all__ = [
    "AUTO",
    "SLOT_TABLES",
    "ConnectConfig",
    "FeedConfig",
    "FeedTable",
    "InstrumentConfig",
    "JournalConfig",
    "SlotConfig",
]

AUTO: Final = "auto"
"""What stands for a value that the host chooses."""


class SlotConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A slot's table: the plugin's name, or "auto", and the plugin's own options."""

    plugin: str = AUTO
    options: dict[str, Any] = {}


class ConnectConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a feed connects to its venue.

    `address` (wss://...) and `rest` (https://...) stand for the declared ones, `trust` is a PEM file with certificates
    to trust besides the system's. A session writes what it receives to the capture `record`. A connection is given up
    after `silence_s` without a byte, pongs included, or `data_silence_s` without market data.
    """

    address: str = ""
    rest: str = ""
    trust: str = ""
    record: str = ""
    silence_s: Annotated[float, msgspec.Meta(ge=1, le=3_600)] = 45.0
    data_silence_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300.0

    def __post_init__(self) -> None:
        for name, scheme in (("address", "wss://"), ("rest", "https://")):
            if (value := getattr(self, name)) and not value.startswith(scheme):
                raise ValueError(f"{name} must begin with {scheme}: connections are always encrypted; found {value!r}")


class FeedConfig(SlotConfig, frozen=True, kw_only=True):
    """The feed's slot.

    `capture` is a file, a name from `mainspring data list`, or several that follow one another; with `connect` the feed
    connects to its venue instead; without either it generates its own messages. `encoding` is the format of its
    messages, which selects the codec slot that the feed reads with.
    """

    capture: str | tuple[str, ...] | None = None
    connect: bool | ConnectConfig = False
    encoding: Literal["json", "msgpack"] = "json"
    skip_bad: bool = False


class JournalConfig(SlotConfig, frozen=True, kw_only=True):
    """The journal's slot.

    With the `durability` "sync" an order leaves once its request is durable; with "async" the journal follows a little
    later, which suits replays and paper sessions. `accept_loss` allows that in a live session too. With `recover` a
    session takes over the orders and positions of the last one in the journal.
    """

    durability: Literal["sync", "async"] = "sync"
    accept_loss: bool = False
    recover: bool = False

    def check_mode(self, mode: str) -> None:
        """Raises `ValueError` if a session of that mode may not lose what this journal may lose."""
        if mode == "live" and self.durability == "async" and not self.accept_loss:
            raise ValueError(
                'journal.durability = "async" may lose orders that are at the venue already if the machine stops: '
                'write "sync", or accept the loss with journal.accept_loss = true'
            )


class InstrumentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of an instrument. What it leaves out comes from the feed or is found in the capture."""

    venue_symbol: str | None = None
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None
    contract: Contract | None = None
    contract_size: Decimal | None = None
    settle_currency: str | None = None


class FeedTable(FeedConfig, frozen=True, kw_only=True):
    """One of several feeds: `[feeds.NAME]`. Its keys take precedence over the session's.

    `latency` is the connection's own; None if it is the session's. `strategy` and `risk` replace the session's entries
    of the same name and add to the others.
    """

    instruments: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...] = ()
    instrument: dict[str, InstrumentConfig] = {}
    latency: SlotConfig | None = None
    strategy: dict[str, SlotConfig] = {}
    risk: dict[str, Any] = {}


SLOT_TABLES: Final[Mapping[str, type[SlotConfig]]] = MappingProxyType({"feed": FeedConfig, "journal": JournalConfig})
"""Slots whose tables have keys of the host's own, besides the plugin's name."""
