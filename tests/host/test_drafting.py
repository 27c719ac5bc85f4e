"""Feeds drafted from recorded messages: what is seen is declared, and only what the recording bears out is claimed."""

import json
import zlib
from random import Random
from typing import Any

import pytest

from mainspring.errors import MainspringError
from mainspring.host.drafting import declaration_code, draft_feed
from mainspring.wire import Chained, Contiguous, DeltaMessage, SnapshotMessage, TradeMessage, Unsequenced
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec

_START_NS = 1_700_000_000_000_000_000


def _draft(messages):
    raw = [(_START_NS + at * 10**6, json.dumps(one).encode()) for at, one in enumerate(messages)]
    return draft_feed(raw, OrjsonCodec(), BisectListBook)


def _venue(count=40, *, number=lambda at: {"U": 3 * at + 1, "u": 3 * at + 3}, checksum=None):
    """A venue's books of one symbol, some trades and tickers; `checksum` is called with the sides after a message."""
    random = Random(5)
    sides: dict[str, dict[str, str]] = {"bids": {}, "asks": {}}
    for at in range(count):
        kind = "update" if at else "snapshot"
        rows = {}
        for name, sign in (("bids", -1), ("asks", 1)):
            prices = [f"{100 + sign * random.randint(1, 90) / 100:.2f}" for _ in range(30 if not at else 3)]
            rows[name] = [[price, str(random.randint(0 if at else 1, 9))] for price in dict.fromkeys(prices)]
            for price, size in rows[name]:
                sides[name].pop(price, None)
                if size != "0":
                    sides[name][price] = size
        body = {"market": "FOO-BAR", "ts": 1_700_000_000_000 + at, **rows, **number(at)}
        if checksum is not None:
            body["checksum"] = checksum(sides)
        yield {"topic": "depth", "action": kind, "data": [body]}
        if at % 5 == 0:
            trade = {"market": "FOO-BAR", "price": "100.01", "qty": "2", "side": "sell", "id": 900 + at}
            yield {"topic": "trade", "data": [trade]}
            yield {"event": "heartbeat"}


def _crc(levels):
    def of(sides):
        bids = sorted(sides["bids"].items(), key=lambda level: -float(level[0]))[:levels]
        asks = sorted(sides["asks"].items(), key=lambda level: float(level[0]))[:levels]
        parts = [text for pair in zip(bids, asks, strict=False) for level in pair for text in level]
        shorter = min(len(bids), len(asks))
        parts += [text for level in bids[shorter:] + asks[shorter:] for text in level]
        return zlib.crc32(":".join(parts).encode())

    return of


def _kinds(draft):
    return {type(one): one for one in draft.feed.format.messages}


def test_kinds_symbol_time_and_numbers_are_found():
    """Snapshots are told from updates by their words, items inherit the envelope, and the numbers are proved."""
    draft = _draft(_venue())
    kinds = _kinds(draft)
    update, trade = kinds[DeltaMessage], kinds[TradeMessage]
    assert update.when == {"/topic": "depth", "/action": "update"}
    assert (update.each, update.symbol.key, update.event_time.key) == ("data", "market", "ts")
    assert (update.sequence.first, update.sequence.last) == ("U", "u")
    assert kinds[SnapshotMessage].last_id.key == "u"
    assert draft.feed.format.sequencing == Contiguous()
    assert draft.proofs == ("39 updates were applied by Contiguous() without a gap",)
    assert trade.aggressor.values == (("buy", 1), ("sell", -1))
    assert (trade.price.key, trade.size.key, trade.trade_id.key) == ("price", "qty", "id")
    assert any("heartbeat" in question for question in draft.questions)


def test_numbers_that_don_t_continue_are_not_claimed():
    """With a hole in every step, no rule is claimed; what is left open is a question."""
    draft = _draft(_venue(number=lambda at: {"U": 30 * at + 1, "u": 30 * at - at % 7 * 40 + 3}))
    assert draft.feed.format.sequencing == Unsequenced()
    assert _kinds(draft)[DeltaMessage].sequence is None
    assert draft.proofs == ()
    assert any("how does a loss show?" in question for question in draft.questions)


def test_a_chain_is_claimed_where_it_holds():
    """The number of the update before is a chain; one wrong link, and it isn't claimed."""

    def chained(at, wrong=-1):
        return {"id": 10 * at, "lastId": 10 * (at - 1) + (at == wrong)}

    assert _draft(_venue(number=chained)).feed.format.sequencing == Chained()
    broken = _draft(_venue(number=lambda at: chained(at, wrong=20)))
    assert broken.feed.format.sequencing != Chained()


def test_a_checksum_is_claimed_where_all_are_right():
    """Its form is found by trying; where no form gives all of them, it is a question."""
    draft = _draft(_venue(checksum=_crc(25)))
    assert _kinds(draft)[DeltaMessage].checksum.levels == 25
    assert "40 checksums are right" in draft.proofs
    unknown = _draft(_venue(checksum=_crc(7)))
    assert _kinds(unknown)[DeltaMessage].checksum is None
    assert not any("checksum" in proof for proof in unknown.proofs)
    assert any("what is the checksum under 'checksum' computed of?" in question for question in unknown.questions)


@pytest.mark.parametrize("venue", [_venue(), _venue(checksum=_crc(25))])
def test_the_module_declares_the_draft(venue):
    """The source that is written declares the very feed, and has the questions as comments."""
    draft = _draft(venue)
    code = declaration_code(draft, "foo", "foo.capture")
    space: dict[str, Any] = {}
    exec(compile(code, "foo", "exec"), space)
    assert space["FEED"] == draft.feed
    assert all(f"# ? {question}" in code for question in draft.questions)
    assert max(map(len, code.splitlines())) <= 240


def test_messages_of_nothing_known_are_an_error():
    """Where nothing looks like a market, it says so instead of writing an empty feed."""
    with pytest.raises(MainspringError, match="nothing in these messages looks like a book"):
        _draft([{"a": 1}, {"event": "pong"}, [1, 2], {"x": [{"y": "z"}]}])


def test_odd_messages_never_break_it():
    """Whatever values stand in the place of others, there is a draft."""
    random = Random(11)
    odd: list[Any] = [None, [], {}, "", "x", -1, 1e300, True, [[]], [{}], {"data": [{}]}, [["1"]], "1" * 70]
    for _ in range(60):
        messages = list(_venue(8, checksum=_crc(25)))
        for _ in range(4):
            target = random.choice(messages)
            items = target.get("data")
            target = random.choice([target, *([one for one in items if one] if type(items) is list else [])])
            if type(target) is not dict:
                continue
            target[random.choice(list(target))] = random.choice(odd)
        assert _draft(messages).feed.format.messages
