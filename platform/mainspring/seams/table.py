"""The table of the seams. What the host, the kit and the commands know of a seam, they know from its row."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from mainspring.seams.book import register_books
from mainspring.seams.catalogue import Catalogue
from mainspring.seams.codec import register_codecs
from mainspring.seams.decoder import register_decoders
from mainspring.seams.feed import register_feeds
from mainspring.seams.journal import register_journals
from mainspring.seams.latency import register_latencies
from mainspring.seams.queue import register_queues
from mainspring.seams.receiver import register_receivers
from mainspring.seams.records import register_records
from mainspring.seams.risk import register_risk_checks
from mainspring.seams.router import register_routers
from mainspring.seams.slippage import register_slippage
from mainspring.seams.strategy import register_strategies

__all__ = ["SEAMS", "Scaffold", "Seam", "raced_slots"]


class Scaffold(msgspec.Struct, frozen=True, kw_only=True):
    """What `mainspring plugins new` writes for a seam, besides the templates `SEAM.py.tmpl` and `test_SEAM.py.tmpl`.

    `noun` ends the class name. `feed` and `slots` are top-level lines of the project's `session.toml`, `risk` and
    `strategy` lines of those tables; `$plugin` stands for the new plugin's name. `package` has the two templates in
    its folder `templates`. `sample` adds a capture of a few messages.
    """

    noun: str
    mode: str = "paper"
    instrument: str = "BTC/USDT"
    feed: str = 'feed.plugin = "simulated"'
    slots: str = ""
    strategy_name: str = "maker"
    strategy: str = 'plugin = "quote-maker"\nsize = 0.01\nedge_ticks = 2'
    risk: str = ""
    sample: bool = False
    package: str = "mainspring.host"


class Seam(msgspec.Struct, frozen=True, kw_only=True):
    """A seam.

    `hook` is the `register_...` function, marked `hookspec`. `kit` is the module with the seam's check, by default the
    one in `mainspring.testing` that is named for the seam. Its `check_offered` gets an `Offered` and returns a note. If
    it has none, `check_NAME(factory, seed=seed)` is called.

    `slot` is None for a seam whose plugins the config names in its own way. The others have a plain slot: the table
    `[name]` with `plugin` and the plugin's options. Its factory is called once per lane, with the lane's instruments,
    or once per instrument, with that instrument. Without a plugin for it, the slot stays empty; what was made is in
    `Lane.parts`. (Feed, decoder, book, slippage, latency, router, records and journal get their arguments from wiring:
    see their hooks.)

    `required` are the capabilities that each offer must state. `ranked_by` is the capability within whose values
    offers are ranked; if it is empty, all are ranked together. `separator` stands between the words of a plugin's
    name. `raced` are the slots that `mainspring tune` races. The slot of one that is `connected` stays empty in a
    session that doesn't connect, unless the config names a plugin.
    """

    name: str
    hook: Callable[[Catalogue], None]
    scaffold: Scaffold
    slot: Literal["lane", "instrument"] | None = None
    kit: str = ""
    required: tuple[str, ...] = ()
    ranked_by: str = ""
    separator: Literal["-", "_"] = "-"
    raced: tuple[str, ...] = ()
    connected: bool = False


_ROWS: Final = {
    row.name: row
    for row in (
        Seam(
            name="feed",
            hook=register_feeds,
            slot="lane",
            scaffold=Scaffold(
                noun="Feed",
                mode="replay",
                instrument="BTC/USD",
                feed='feed = { plugin = "$plugin", capture = "sample.capture" }',
                sample=True,
            ),
        ),
        Seam(
            name="decoder",
            hook=register_decoders,
            slot="lane",
            scaffold=Scaffold(noun="Decoder", slots='decoder.plugin = "$plugin"'),
            raced=("decoder",),
        ),
        Seam(
            name="book",
            hook=register_books,
            slot="instrument",
            scaffold=Scaffold(noun="Book", slots='book.plugin = "$plugin"'),
            kit="mainspring.testing.order_book",
            raced=("book",),
        ),
        Seam(
            name="codec",
            hook=register_codecs,
            scaffold=Scaffold(noun="Codec", slots='codec.json = "$plugin"'),
            required=("format", "strict"),
            ranked_by="format",
            raced=("codec (json)", "codec (binary)"),
        ),
        Seam(
            name="slippage",
            hook=register_slippage,
            slot="instrument",
            scaffold=Scaffold(noun="Slippage", slots='slippage = { plugin = "$plugin", impact = 1.0 }'),
        ),
        Seam(
            name="risk",
            hook=register_risk_checks,
            scaffold=Scaffold(noun="Check", risk="$plugin = 1_000"),
            separator="_",
        ),
        Seam(
            name="router",
            hook=register_routers,
            slot="lane",
            scaffold=Scaffold(
                noun="Router",
                slots='router.plugin = "$plugin"',
                # Its orders take liquidity; a router with which nothing rests would reject a maker's.
                strategy_name="trend",
                strategy='plugin = "momentum"\nsize = 0.01',
            ),
        ),
        Seam(
            name="queue",
            hook=register_queues,
            slot="instrument",
            scaffold=Scaffold(noun="Queue", slots='queue.plugin = "$plugin"'),
        ),
        Seam(
            name="latency",
            hook=register_latencies,
            slot="instrument",
            scaffold=Scaffold(noun="Latency", slots='latency.plugin = "$plugin"'),
        ),
        Seam(
            name="receiver",
            hook=register_receivers,
            slot="lane",
            scaffold=Scaffold(noun="Receiver", slots='receiver.plugin = "$plugin"'),
            connected=True,
        ),
        Seam(
            name="records",
            hook=register_records,
            slot="lane",
            scaffold=Scaffold(noun="Records", slots='records.plugin = "$plugin"'),
        ),
        Seam(
            name="journal",
            hook=register_journals,
            slot="lane",
            scaffold=Scaffold(noun="Journal", slots='journal.plugin = "$plugin"'),
        ),
        Seam(
            name="strategy",
            hook=register_strategies,
            scaffold=Scaffold(noun="Strategy", strategy_name="mine", strategy='plugin = "$plugin"\nsize = 0.01'),
        ),
    )
}

SEAMS: Final[Mapping[str, Seam]] = MappingProxyType(_ROWS)
"""The row of each seam, by its name, in the order of the data flow."""


def raced_slots() -> dict[str, str]:
    """Returns the seam of each slot that `mainspring tune` races."""
    return {slot: row.name for row in SEAMS.values() for slot in row.raced}
