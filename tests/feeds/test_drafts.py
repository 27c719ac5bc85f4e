"""How far a drafted feed gets without edits: the same books as our own feed on the recordings of real venues."""

from importlib import import_module

import pytest

from mainspring.data import read_capture, read_cryptofeed
from mainspring.errors import MainspringError
from mainspring.host.drafting import draft_feed
from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Side
from mainspring.seams import FeedContext
from mainspring_plugins.books.bisect_list import BisectListBook

_MESSAGES = 4_000
_CRYPTOFEED = {
    "okx": ("OKX", "OKX.ws.1.0"),
    "coinbase": ("COINBASE", "COINBASE.ws.28.0"),
    "kraken_v1": ("KRAKEN_V1", "KRAKEN.ws.49.0"),
    "bitget": ("BITGET", "BITGET.ws.1.0"),
    "kucoin": ("KUCOIN", "KUCOIN.ws.1.0", "KUCOIN.http.0.0"),
    "deribit": ("DERIBIT", "DERIBIT.ws.1.0"),
    "kraken_futures": ("KRAKEN_FUTURES", "KRAKEN_FUTURES.ws.1.0"),
    "gateio": ("GATEIO", "GATEIO.ws.1.0", "GATEIO.http.0.0"),
    "gateio_futures": ("GATEIO_FUTURES", "GATEIO_FUTURES.ws.1.0", "GATEIO_FUTURES.http.0.0"),
    "bitmex": ("BITMEX", "BITMEX.ws.1.0"),
    "huobi": ("HUOBI", "HUOBI.ws.44.0"),
    "poloniex": ("POLONIEX", "POLONIEX.ws.1.0"),
    "ascendex": ("ASCENDEX", "ASCENDEX.ws.1.0"),
    "phemex": ("PHEMEX", "PHEMEX.ws.1.0"),
    "upbit": ("UPBIT", "UPBIT.ws.62.0"),
    "independent_reserve": ("INDEPENDENT_RESERVE", "INDEPENDENT_RESERVE.ws.1.0", "INDEPENDENT_RESERVE.http.0.0"),
}
_OTHERS = {
    "kraken": ("KRAKEN", "kraken-v2/kraken_v2_book_tickvault.jsonl"),
    "alpaca_crypto": ("ALPACA_CRYPTO", "alpaca/crypto_stream_documented_session.jsonl"),
    "binance_spot": ("BINANCE_SPOT", "binance/spot/btcusdt_20240808.gz"),
    "binance_usdm": ("BINANCE_USDM", "binance/usdm/btcusdt_20240808.gz"),
    "binance_coinm": ("BINANCE_COINM", "binance/cm/btcusd_perp_20240808.gz"),
}
_NOT_YET = {"kraken_v1", "kraken_futures", "bitmex", "phemex", "independent_reserve"}
"""Arrays with meanings by place, one level a message, levels by id, scaled integers, single orders."""


def _recorded(data_file, module):
    """Our own feed of a venue, and the first messages of its recording."""
    name, *files = (_CRYPTOFEED | _OTHERS)[module]
    own = getattr(import_module(f"mainspring_plugins.feeds.{module}"), name)
    if module in _CRYPTOFEED:
        messages = list(read_cryptofeed(*(data_file(f"cryptofeed/{file}") for file in files)))
    elif files[0].endswith(".gz"):
        messages = [message for _, message in zip(range(_MESSAGES), read_capture(data_file(files[0])), strict=False)]
    else:
        lines = data_file(files[0]).read_bytes().splitlines()
        messages = [(1_700_000_000_000_000_000 + at, line) for at, line in enumerate(lines)]
    return own, messages[:_MESSAGES]


def _states(declared, messages, instruments, codec):
    """The best levels of what each message changed, and whether that book is whole; all levels at the end."""
    feed = declared(FeedContext(instruments, codec))
    books = [BisectListBook(one) for one in instruments]
    whole = [False] * len(books)
    states = []
    for receive_time_ns, raw in messages:
        changed = set()
        for event in feed.on_message(raw, receive_time_ns):
            if isinstance(event, BookSnapshot):
                books[event.instrument].apply_snapshot(event.bids, event.asks)
            elif isinstance(event, BookDelta):
                books[event.instrument].apply_delta(event.bids, event.asks)
            elif not isinstance(event, BookInvalid):
                continue
            whole[event.instrument] = not isinstance(event, BookInvalid)
            changed.add(event.instrument)
        states.append([(at, whole[at], *(books[at].depth(side, 20) for side in Side)) for at in sorted(changed)])
    ends = [tuple(book.depth(side, len(book)) for side in Side) for book in books]
    return states, ends


def _is_same(data_file, codec, module):
    own, messages = _recorded(data_file, module)
    instruments = own.find_instruments(messages, codec)
    draft = draft_feed(messages, codec, BisectListBook)
    right = _states(own, messages, instruments, codec)
    assert any(right[0])
    return draft, _states(draft.feed, messages, instruments, codec) == right


@pytest.mark.parametrize("module", sorted((_CRYPTOFEED.keys() | _OTHERS.keys()) - _NOT_YET))
def test_a_draft_reads_the_books_as_our_own_feed(data_file, json_codec, module):
    """Message by message, the drafted feed's books are those of the feed that ships."""
    draft, same = _is_same(data_file, json_codec, module)
    assert same
    assert draft.questions


@pytest.mark.parametrize("module", sorted(_NOT_YET))
def test_a_draft_that_is_wrong_claims_nothing(data_file, json_codec, module):
    """Where a draft doesn't read the books, it doesn't say that it proved them, or there is none."""
    try:
        draft, same = _is_same(data_file, json_codec, module)
    except MainspringError:
        # It says that there is nothing that it knows, or its draft refuses a message that ours reads.
        return
    assert not same, "it does by now: move it to the venues that are right"
    assert not any("without a gap" in proof or "are right" in proof for proof in draft.proofs)


def test_most_venues_are_drafted_right():
    """At least half of the venues that there are recordings of need no edit."""
    assert 2 * len(_NOT_YET) <= len(_CRYPTOFEED | _OTHERS)
