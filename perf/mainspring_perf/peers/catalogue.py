"""The peers: which they are, what is installed for each, and the ways in which each does a work."""

from mainspring_perf.peers.peer import MAINSPRING, Peer
from mainspring_perf.peers.venues import VENUES

__all__ = ["PEERS"]

_BY_HAND = "msgspec typed, dict, bisect"
_HANDLER = "message_handler"
_VENUES = tuple(venue.work for venue in VENUES)
_CHECKED = ("book-okx", "book-kraken-v1", "book-bitget")

PEERS = (
    Peer(
        name=MAINSPRING,
        adapter="mainspring_native",
        distributions=("mainspring", "mainspring-native", "numpy", "numba"),
        ways={
            "bytes": ("native decoder, ladder", "native decoder, ladder, blocks of its reader"),
            "book": ("ladder", "sorted-vec", "btree"),
            "replay": ("compiled strategy, ladder", "Python strategy, ladder"),
            "maker": ("compiled strategy, ladder",),
            "records": ("native records",),
            "slippage": ("native square-root",),
        },
    ),
    Peer(
        name=MAINSPRING,
        adapter="mainspring",
        distributions=("mainspring", "orjson", "msgspec"),
        ways={
            "bytes": ("Python decoder, bisect-list",),
            "book": ("bisect-list",),
            "risk": ("gate with two checks",),
            "records": ("records in Python",),
            "slippage": ("square-root",),
        },
    ),
    Peer(
        name=MAINSPRING,
        adapter="mainspring_venues",
        distributions=("mainspring", "mainspring-native", "orjson"),
        ways=dict.fromkeys(_VENUES, ("native decoder, ladder", "Python decoder, bisect-list")),
    ),
    Peer(
        name="by hand",
        adapter="by_hand_venues",
        distributions=("msgspec",),
        ways={work: (_BY_HAND, f"{_BY_HAND}, checksums") if work in _CHECKED else (_BY_HAND,) for work in _VENUES},
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
    ),
    Peer(
        name="sortedcontainers",
        adapter="sortedcontainers",
        distributions=("sortedcontainers", "orjson"),
        ways={"bytes": ("orjson, SortedDict",), "book": ("SortedDict",)},
    ),
    Peer(
        name="order-book",
        adapter="order_book",
        requirements=("order-book==1.1.0", "orjson==3.13.0"),
        pythons=((3, 13), (3, 14)),
        ways={"bytes": ("orjson, OrderBook",), "book": ("OrderBook",)},
    ),
    Peer(
        name="cryptofeed",
        adapter="cryptofeed",
        requirements=("cryptofeed==3.0.1", "order-book==1.1.0", "msgspec==0.22.0", "uvloop==0.22.1"),
        pythons=((3, 13), (3, 14)),
        ways={"bytes": ("Binance.message_handler",)},
    ),
    Peer(
        name="cryptofeed",
        adapter="cryptofeed_venues",
        # The last version that reads these venues' messages as they were recorded.
        requirements=("cryptofeed==2.4.1", "order-book==1.0.2", "uvloop==0.22.1"),
        pythons=((3, 12), (3, 12)),
        ways={work: (_HANDLER, f"{_HANDLER}, checksums") if work in _CHECKED else (_HANDLER,) for work in _VENUES},
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
    ),
    Peer(
        name="hftbacktest",
        adapter="hftbacktest",
        requirements=("hftbacktest==2.4.4", "numba==0.68.1"),
        ways={
            "replay": ("compiled strategy, ROI vector book",),
            "maker": ("compiled strategy, ROI vector book",),
        },
    ),
    Peer(
        name="itch-book",
        adapter="itch_book",
        requirements=("itch-book==0.2.1", "numpy==2.3.5"),
        ways={"book": ("ITCH messages to a BBO table",)},
    ),
    Peer(
        name="openpit",
        adapter="openpit",
        requirements=("openpit==0.10.0",),
        ways={"risk": ("size and notional limits, no_sync",)},
    ),
)
"""In the order of preparation. Ours come first, as the baseline for the others."""
