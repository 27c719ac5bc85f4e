"""The names that venues give to the values of their messages. A name is a guess; the recording has to bear it out."""

__all__ = [
    "ASKS",
    "BIDS",
    "BOTH_SIDES",
    "CHECKSUMS",
    "KINDS",
    "LAST_IDS",
    "PRICES",
    "QUOTES",
    "RESETS",
    "ROWS",
    "SEQUENCES",
    "SIDES",
    "SIDE_WORDS",
    "SIZES",
    "SNAPSHOT_WORDS",
    "SYMBOLS",
    "SYMBOL_PARAMETERS",
    "TIMES",
    "TRADE_IDS",
    "TRADE_WORDS",
    "UPDATE_WORDS",
]

BIDS = ("bids", "b", "bid", "buy", "buys")
ASKS = ("asks", "a", "ask", "offers", "sell", "sells")
ROWS = ("changes", "updates", "levels")
BOTH_SIDES = (("bp", "bs", "ap", "as"), ("bid_price", "bid_size", "ask_price", "ask_size"))
PRICES = ("price", "px", "p", "tp", "rate", "limit_price")
SIZES = ("size", "qty", "sz", "quantity", "amount", "q", "s", "v", "tv", "volume")
SYMBOLS = (
    "symbol",
    "instId",
    "product_id",
    "instrument_name",
    "currency_pair",
    "contract",
    "pair",
    "market",
    "cd",
    "S",
    "s",
)
SYMBOL_PARAMETERS = ("symbol", "currency_pair", "contract", "pair", "instId", "market", "instrument_name", "product_id")
TIMES = ("E", "ts", "timestamp", "time", "tms", "t", "event_time", "create_time_ms", "ttms", "time_ms", "T")
KINDS = (
    "e",
    "type",
    "action",
    "event",
    "channel",
    "T",
    "m",
    "subject",
    "table",
    "feed",
    "method",
    "ty",
    "ch",
    "topic",
    "stream",
)
SNAPSHOT_WORDS = ("snapshot", "partial", "init")
UPDATE_WORDS = ("update", "delta", "incremental", "change", "l2update")
TRADE_WORDS = ("trade", "match", "deal")
SIDES = ("side", "takerSide", "taker_side", "direction", "tks", "ab")
SIDE_WORDS = (
    ("buy", "sell"),
    ("Buy", "Sell"),
    ("BUY", "SELL"),
    ("b", "s"),
    ("B", "S"),
    ("bid", "ask"),
    ("BID", "ASK"),
)
TRADE_IDS = ("trade_id", "tradeId", "trade_seq", "id", "t", "i", "sid", "seq")
RESETS = ("r", "reset", "snapshot")
CHECKSUMS = ("checksum", "cs", "crc", "crc32")
SEQUENCES = (
    ("U", "u", "pu"),
    ("U", "u", None),
    ("sequenceStart", "sequenceEnd", None),
    ("change_id", "change_id", "prev_change_id"),
    ("id", "id", "lastId"),
    ("seqId", "seqId", "prevSeqId"),
    ("seqnum", "seqnum", None),
    ("sequence", "sequence", None),
    ("seq", "seq", None),
)
"""First, last and previous number of an update."""

LAST_IDS = ("lastUpdateId", "sequence", "change_id", "id", "seqId", "seqnum", "seq", "u", "version")
QUOTES = (
    ("bidPx", "bidSz", "askPx", "askSz"),
    ("bidPrice", "bidSize", "askPrice", "askSize"),
    ("bestBid", "bestBidSize", "bestAsk", "bestAskSize"),
    ("best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount"),
    ("bid", "bid_qty", "ask", "ask_qty"),
    ("bp", "bs", "ap", "as"),
    ("b", "B", "a", "A"),
)
"""Price and size of the best bid, and of the best offer."""
