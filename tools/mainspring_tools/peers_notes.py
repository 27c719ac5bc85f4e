"""How the page of peers describes each: how it is run, and what it does less, more or otherwise than the others."""

from collections.abc import Mapping
from typing import Final

__all__ = ["NOTES", "PARTS"]

PARTS: Final[Mapping[str, str]] = {
    "mainspring_native": "native",
    "mainspring": "plain",
    "mainspring_venues": "venues",
    "by_hand_venues": "venues",
    "cryptofeed_venues": "venues",
}
"""Which part of a peer an adapter runs, where it has several."""

NOTES: Final[Mapping[str, str]] = {
    "mainspring_native": "The native parts, called from Python as a lane calls them: 512 messages a call, as "
    "Python's bytes, or as the blocks that its own reader leaves in memory. Its decoder checks each message: the "
    "form of every price and size, the grid, the update ids. The Python strategy of the replay is "
    "the compiled one's function as it stands, called by the same kernel. The maker's orders meet all built-in risk "
    "checks.",
    "mainspring": "The plain Python parts, which run where nothing native is built. They check what the native ones "
    "check. The risk checks are called one by one, through their gate. The order log's records are written field by "
    "field, by a call each.",
    "by_hand": "What an experienced engineer writes for this one format. orjson decodes whole messages; msgspec "
    "decodes into typed structs without garbage collection, with encoders and decoders made once, as its "
    "documentation on performance has it. It checks the update ids, and no price, size or bound.",
    "mainspring_venues": "The feeds' declarations, unchanged, by both decoders. Both check each message's form, the "
    "grid and what the venue numbers, and compute the checksums that OKX, Kraken and Bitget send with each change. "
    "Feed and books are made before a pass; the recordings are short.",
    "by_hand_venues": "A typed struct for the venue's book messages, a dict and a sorted list of prices a side, whole "
    "ticks and lots by rounding floats. It checks what the venue numbers; the rows with checksums check those too, and "
    "keep each level's text for that.",
    "cryptofeed_venues": "`message_handler` of each exchange to a callback that reads the best levels. Version 2.4.1 "
    "is the last that reads these messages as they were recorded; Coinbase's are put into the newer form beforehand. "
    "Checksums aren't compared, which is its default; the rows with checksums set `checksum_validation`. Of Kraken's "
    "books, the best ten levels are compared: it keeps what lies beyond the depth.",
    "sortedcontainers": "A SortedDict a side, the best level by `peekitem`. The loop is that of the rows by hand.",
    "order_book": "Its OrderBook, levels set and deleted by key and the best one read by `index(0)`, as its README "
    "has it. The loop is that of the rows by hand.",
    "cryptofeed": "Its decode path for Binance, `message_handler` to callbacks of one's own, on uvloop and with "
    "msgspec, which it takes where they are installed. Prices and sizes are Decimals, each message makes an object "
    "for its callback, and the delta is handed on as well. It is given trades in Binance's aggregated form, the one "
    "that it reads, and the session's snapshot where it asks for one.",
    "nautilus_trader": "Deltas by `OrderBookDelta.from_raw`, the cheapest constructor, put into the book by the "
    "message. The backtest bypasses logging and its risk engine and runs no analysis; it is made ready once, and "
    "each pass is `reset` and `run`, as its documentation on repeated runs has it. Data comes as single deltas, so "
    "that the strategy is called at each. Its engine simulates the venue next to the strategy, and calls Python. "
    "Its Rust core can be driven without Python, which isn't measured here.",
    "hftbacktest": "The vector book over a region of interest (5% around the trades), no order latency, and "
    "`wait_next_feed` in a loop compiled by Numba, as its documentation and examples have it. Each event has its "
    "own time, since it makes one call for all events of the same time. Its book drops what a new level crosses. "
    "Copying the data in is part of a pass, as making ours ready is. The maker is called once a message, as ours, with "
    "the partial-fill exchange, `power_prob_queue_model(3)`, a constant order latency and fees; it cancels what it "
    "knows to be open. It has no risk checks, and what it takes of a level stays there.",
    "itch_book": "`itch_book.open(...).batches(tables=('bbo',), price_type='fixed')` over a file in the page cache. "
    "It reads Nasdaq's ITCH 5.0 and nothing else, and we don't read ITCH: so the changes of the book are given to "
    "it as ITCH messages, a level as one order. It parses its messages and reads its file within the pass, keeps "
    "single orders, and makes a table of every change of the best prices where the others read them once a delta. "
    "It answers the best prices after each delta and the ten best levels, not the whole book.",
    "openpit": "One engine with its order-size policy, built once, without synchronisation for its one thread; "
    "`execute_pre_trade`, and `commit` for what passes, as its README has it. An order that passes makes a "
    "reservation, which ours leaves to the account. Building an order costs more there than here, and isn't part of "
    "the pass.",
    # A program of its own.
    "": "A program of its own, built with full link-time optimisation: serde into borrowed fields, two BTreeMaps, "
    "bincode's standard configuration. It is compiled for this one format and called from nowhere, where ours "
    "answer to Python. It checks the update ids, and that prices and sizes are numbers. Its estimate is the bare "
    "formula, without an object that says what the cost is made of.",
}
"""The text by adapter, in sentences."""
