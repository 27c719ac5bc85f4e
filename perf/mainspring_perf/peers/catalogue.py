"""The peers: which they are, what is installed for each, how each is run and how that differs."""

from mainspring_perf.peers.peer import MAINSPRING, Peer

__all__ = ["PEERS"]

PEERS = (
    Peer(
        name=MAINSPRING,
        part="native",
        adapter="mainspring_native",
        distributions=("mainspring", "mainspring-native", "numpy", "numba"),
        ways={
            "bytes": ("native decoder, ladder", "native decoder, ladder, blocks of its reader"),
            "book": ("ladder", "sorted-vec", "btree"),
            "replay": ("compiled strategy, ladder", "Python strategy, ladder"),
            "records": ("native records",),
            "slippage": ("native square-root",),
        },
        how="The native parts, called from Python as a lane calls them: 512 messages a call, as Python's bytes, or as "
        "the blocks that its own reader leaves in memory.",
        differs="Its decoder checks each message: the form of every price and size, the grid, the update ids. The "
        "Python strategy of the replay runs in the plain loop, which is there for debugging.",
    ),
    Peer(
        name=MAINSPRING,
        part="plain",
        adapter="mainspring",
        distributions=("mainspring", "orjson", "msgspec"),
        ways={
            "bytes": ("Python decoder, bisect-list",),
            "book": ("bisect-list",),
            "risk": ("gate with two checks",),
            "records": ("records in Python",),
            "slippage": ("square-root",),
        },
        how="The plain Python parts, which run where nothing native is built.",
        differs="They check what the native ones check. The risk gate and its checks have no native twin. A record has "
        "one fixed layout for every kind of order and event, so that a fill's is longer than it needs.",
    ),
    Peer(
        name="by hand",
        adapter="by_hand",
        distributions=("orjson", "msgspec"),
        ways={
            "bytes": ("orjson, dict, bisect", "msgspec typed, dict, bisect"),
            "book": ("dict, bisect",),
            "records": ("msgspec to JSON arrays", "msgspec to msgpack arrays", "orjson to JSON arrays"),
        },
        how="What an experienced engineer writes for this one format. orjson decodes whole messages; msgspec decodes "
        "into typed structs without garbage collection, with encoders and decoders made once, as its documentation on "
        "performance has it.",
        differs="It checks the update ids, and no price, size or bound.",
    ),
    Peer(
        name="sortedcontainers",
        adapter="sortedcontainers",
        distributions=("sortedcontainers", "orjson"),
        ways={"bytes": ("orjson, SortedDict",), "book": ("SortedDict",)},
        how="A SortedDict a side, the best level by `peekitem`.",
        differs="The loop is that of the rows by hand.",
    ),
    Peer(
        name="order-book",
        adapter="order_book",
        requirements=("order-book==1.1.0", "orjson==3.13.0"),
        pythons=((3, 13), (3, 14)),
        ways={"bytes": ("orjson, OrderBook",), "book": ("OrderBook",)},
        how="Its OrderBook, levels set and deleted by key and the best one read by `index(0)`, as its README has it.",
        differs="The loop is that of the rows by hand.",
    ),
    Peer(
        name="cryptofeed",
        adapter="cryptofeed",
        requirements=("cryptofeed==3.0.1", "order-book==1.1.0", "msgspec==0.22.0", "uvloop==0.22.1"),
        pythons=((3, 13), (3, 14)),
        ways={"bytes": ("Binance.message_handler",)},
        how="Its decode path for Binance, `message_handler` to callbacks of one's own, on uvloop and with msgspec, "
        "which it takes where they are installed.",
        differs="Prices and sizes are Decimals, each message makes an object for its callback, and the delta is handed "
        "on as well. It is given trades in Binance's aggregated form, the one that it reads, and the session's "
        "snapshot where it asks for one.",
    ),
    Peer(
        name="nautilus_trader",
        adapter="nautilus_trader",
        requirements=("nautilus_trader==1.231.0", "msgspec==0.22.0"),
        pythons=((3, 12), (3, 14)),
        ways={
            "bytes": ("msgspec, OrderBookDeltas, OrderBook",),
            "book": ("OrderBook, deltas made before", "OrderBook, deltas made in Python"),
            "replay": ("BacktestEngine, Python strategy",),
        },
        how="Deltas by `OrderBookDelta.from_raw`, the cheapest constructor, put into the book by the message. The "
        "backtest bypasses logging and its risk engine and runs no analysis; it is made ready once, and each pass is "
        "`reset` and `run`, as its documentation on repeated runs has it. Data comes as single deltas, so that the "
        "strategy is called at each.",
        differs="Its engine simulates the venue next to the strategy, and calls Python. Its Rust core can be driven "
        "without Python, which isn't measured here.",
    ),
    Peer(
        name="hftbacktest",
        adapter="hftbacktest",
        requirements=("hftbacktest==2.4.4", "numba==0.68.1"),
        pythons=((3, 11), (3, 14)),
        ways={"replay": ("compiled strategy, ROI vector book",)},
        how="The vector book over a region of interest (5% around the trades), no order latency, and `wait_next_feed` "
        "in a loop compiled by Numba, as its documentation and examples have it.",
        differs="Each event has its own time, since it makes one call for all events of the same time. Its book drops "
        "what a new level crosses. Copying the data in is part of a pass, as making ours ready is.",
    ),
    Peer(
        name="itch-book",
        adapter="itch_book",
        requirements=("itch-book==0.2.1", "numpy==2.3.5"),
        pythons=((3, 11), (3, 14)),
        ways={"book": ("ITCH messages to a BBO table",)},
        how="`itch_book.open(...).batches(tables=('bbo',), price_type='fixed')` over a file in the page cache.",
        differs="It reads Nasdaq's ITCH 5.0 and nothing else, and we don't read ITCH: so the changes of the book are "
        "given to it as ITCH messages, a level as one order. It parses its messages and reads its file within the "
        "pass, keeps single orders, and makes a table of every change of the best prices where the others read them "
        "once a delta. It answers the best prices after each delta and the ten best levels, not the whole book.",
    ),
    Peer(
        name="openpit",
        adapter="openpit",
        requirements=("openpit==0.10.0",),
        pythons=((3, 11), (3, 14)),
        ways={"risk": ("size and notional limits, no_sync",)},
        how="One engine with its order-size policy, built once, without synchronisation for its one thread; "
        "`execute_pre_trade`, and `commit` for what passes, as its README has it.",
        differs="An order that passes makes a reservation, which ours leaves to the account. Building an order costs "
        "more there than here, and isn't part of the pass.",
    ),
)
"""In the order of preparation. Ours come first, as the baseline for the others."""
