"""Fills `corpus/` with what the fuzz targets begin from: messages of the reference session and of recorded captures.

The targets of the trading core begin from random bytes.

    uv run python plugins/native/fuzz/seed_corpus.py [CAPTURE...]

A CAPTURE is a file that Mainspring records, or a text file with a message a line, a time before it or none; a directory
stands for every such file below it. The names of the files are digests of what they hold, so a second run adds nothing.
"""

import argparse
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice, product
from pathlib import Path
from random import Random

import msgpack
import msgspec

from mainspring.data.scratch import scratch_folder
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.model import Instrument, LogRecord, encode_records
from mainspring.orders import read_order_log
from mainspring.session import open_messages, run_session
from mainspring.testing.declared import declared_messages
from mainspring.wire import Format, WireFeed

_CORPUS = Path(__file__).resolve().parent / "corpus"
_OF_EACH = 250
# Of composed.json: answers to subscriptions, messages of their channels, items by key, messages of several kinds.
_COMPOSED = [
    {"event": "subscribed", "channel": "book", "chanId": 10, "symbol": "tBTCUSDT"},
    {"event": "subscribed", "channel": "trades", "chanId": 11, "symbol": "tBTC/USD"},
    [10, [[1, 2, 1.5], [3, 1, -2]], 1],
    [10, [3, 0, -1], 2],
    [10, "cs", 5, 3],
    [11, "te", [7, 1000, -0.5, 2], 4],
    {"snapshot": {"BTCUSDT": {"b": [["1", "2"]], "a": []}, "BTC/USD": {"b": [], "a": [["4", "1"]]}}},
    {"ch": "book", "update": {"BTC/USD": {"b": [["3", "2"]], "a": []}}},
    {"ch": "trades", "update": {"BTCUSDT": [{"p": "1", "q": "2", "side": "buy"}]}},
    {"m": "BTCUSDT", "reset": True, "b": [["1", "2"]], "a": [], "t": [{"p": "1", "q": "2", "side": "buy"}]},
    {"m": "BTCUSDT", "b": [["1", "1"]], "a": [], "t": []},
]
# Inputs of targets whose commands are made of any bytes: how many they have.
_RANDOM = {"tracker": 1 + 7 * 60, "gate": 600, "kernel": 1_500}
_TIME = re.compile(rb"(?:https?://\S* -> )?\d+(?:\.\d+)?:? (?=[\[{])")
_DECIMAL = re.compile(rb'"?(\d+\.\d+|\d{2,})"?')
_MASK = b"\x37\xfa\x21\x3d"


def main() -> None:
    """Writes the corpora and prints how many inputs each has."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("captures", nargs="*", type=Path, metavar="CAPTURE")
    sources = [list(islice(_reference_session(), 20_000))]
    sources += [list(islice(_lines(path), 50_000)) for path in _files(parser.parse_args().captures)]
    for lines in filter(None, sources):
        some = lines[:: max(1, len(lines) // _OF_EACH)]
        for line in some:
            _keep("json", line)
            _keep("msgpack", _packed(line))
        # Messages that follow one another: what sequencing, templates and fragments need.
        for at in range(0, len(lines) - 8, max(1, len(lines) // 25)):
            run = lines[at : at + 8]
            _keep("json", b"\n".join(run))
            _keep("msgpack", b"\xc1".join(map(_packed, run)))
            _keep("frames", bytes((len(run[0]) % 256, 90, at % 2)) + _frames(run, masked=at % 2 == 1))
        decimals = sorted({text for line in some for text in _DECIMAL.findall(line)})
        for number, text in enumerate(decimals[:: max(1, len(decimals) // _OF_EACH)]):
            _keep("decimal", bytes((number % 8,)) + text)
        for at in range(0, len(decimals), 64):
            _keep("books", b"".join(map(_command, decimals[at : at + 64])))
    for encoding, mark in (("json", b"\n"), ("msgpack", b"\xc1")):
        for declared, name in product(("orders.json", "shapes.json"), ("BTCUSDT", "BTC/USD")):
            lines = _declared(declared, name, encoding)
            for at in range(0, len(lines) - 12, 12):
                # The first message is the snapshot that the others follow.
                _keep(encoding, mark.join((lines[0], *lines[at + 1 : at + 13])))
    _keep("json", b"\n".join(map(msgspec.json.encode, _COMPOSED)))
    _keep("msgpack", b"\xc1".join(map(msgspec.msgpack.encode, _COMPOSED)))
    _keep_random()
    for record in _reference_records():
        # Without its length and checksum, which the target makes.
        _keep("records", encode_records([record])[1:-4])
    for folder in sorted(_CORPUS.iterdir()):
        sys.stdout.write(f"{folder.name}: {len(list(folder.iterdir())):,} inputs\n")


def _keep_random() -> None:
    for seed in range(_OF_EACH):
        for target, size in _RANDOM.items():
            _keep(target, Random(seed).randbytes(size))  # noqa: S311


def _reference_records() -> Iterator[LogRecord]:
    """The last record of each kind of the reference session's first half minute."""
    with scratch_folder("corpus") as folder:
        log = folder / "orders.log"
        session = make_session(load_config(None, ("feed.seconds=30",)), registry := Registry.load())
        run_session(session, registry, order_log=log)
        yield from {type(record): record for record in read_order_log(log)}.values()


def _declared(file: str, name: str, encoding: str) -> list[bytes]:
    """Messages of the kinds that the targets read, by the file of their declaration."""
    declared = msgspec.json.decode((_CORPUS.parent / "fuzz_targets" / file).read_bytes(), type=Format)
    instrument = Instrument(symbol=name, venue_symbol=name, tick_size=Decimal("0.01"), lot_size=Decimal("0.25"))
    made = declared_messages(WireFeed(format=declared), instrument, 1_500, encoding=encoding)
    return [raw for _, raw in made]


def _reference_session() -> Iterator[bytes]:
    registry = Registry.load()
    plan = make_plan(load_config(None, ()), registry)
    return (raw for _, raw in open_messages(plan, registry))


def _files(captures: Sequence[Path]) -> Iterator[Path]:
    for capture in captures:
        files = sorted(capture.rglob("*")) if capture.is_dir() else [capture]
        yield from (path for path in files if path.is_file())


def _lines(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    for line in (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).splitlines():
        raw = line[found.end() :] if (found := _TIME.match(line)) else line
        if raw.startswith((b"{", b"[")):
            yield raw


def _packed(line: bytes) -> bytes:
    try:
        return bytes(msgpack.packb(json.loads(line)))
    except (ValueError, OverflowError):
        return line


def _frames(messages: Sequence[bytes], *, masked: bool) -> bytes:
    """Text frames, the second one in two fragments with a ping between."""
    frames = []
    for number, message in enumerate(messages):
        text = message[:120]
        if number == 1:
            frames += [_frame(0x01, text[:50], masked), _frame(0x89, b"?", masked), _frame(0x80, text[50:], masked)]
        else:
            frames.append(_frame(0x81, text, masked))
    return b"".join(frames)


def _frame(first: int, payload: bytes, masked: bool) -> bytes:
    bit = 0x80 if masked else 0
    length = bytes((bit | len(payload),)) if len(payload) < 126 else bytes((bit | 126,)) + len(payload).to_bytes(2)
    if not masked:
        return bytes((first,)) + length + payload
    return bytes((first,)) + length + _MASK + bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(payload))


def _command(text: bytes) -> bytes:
    units = int(text.replace(b".", b"")[:12])
    price = (units >> 8 & 0xFFFF).to_bytes(2, "little")
    return bytes((units & 1 | 8 << 2,)) + price + bytes((units & 0xFF, units % 5, 0))


def _keep(target: str, data: bytes) -> None:
    folder = _CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:20]).write_bytes(data)


if __name__ == "__main__":
    main()
