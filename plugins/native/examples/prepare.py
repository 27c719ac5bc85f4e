"""Writes what the two benchmark programs read, of a capture: `prepare.py CAPTURE FEED DIRECTORY`.

    uv run python plugins/native/examples/prepare.py btcusdt.gz binance-spot target/bench
    cargo run --release --manifest-path plugins/native/Cargo.toml --example book_bench target/bench/rows
    cargo run --release --manifest-path plugins/native/Cargo.toml --example decoder_bench \\
        target/bench/format.json target/bench/instruments.json target/bench/lines

`rows` are the levels of the first instrument's snapshots and deltas, `lines` the messages with their times,
`format.json` and `instruments.json` the feed's declaration and the instruments that the decoder is made of.
"""

import argparse
import struct
from pathlib import Path

import msgspec

from mainspring.data.capture import read_capture
from mainspring.host.registry import Registry
from mainspring.model import BookDelta, BookSnapshot
from mainspring.seams import FeedContext
from mainspring.wire import WireFeed, python_decoder
from mainspring_plugins.codecs.orjson import OrjsonCodec


def main() -> None:
    """Reads the capture once and writes the four files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("capture", type=Path)
    parser.add_argument("feed", help='such as "binance-spot"')
    parser.add_argument("directory", type=Path)
    asked = parser.parse_args()
    declared = Registry.load().offers("feed")[asked.feed].factory
    if not isinstance(declared, WireFeed):
        parser.error(f"feed {asked.feed} isn't a declaration, and the decoder runs nothing else")
    messages = list(read_capture(asked.capture))
    codec = OrjsonCodec()
    instruments = declared.find_instruments(messages, codec)
    feed = python_decoder(declared, FeedContext(instruments, codec, "json"))
    asked.directory.mkdir(parents=True, exist_ok=True)
    (asked.directory / "format.json").write_bytes(msgspec.json.encode(declared.format))
    (asked.directory / "instruments.json").write_bytes(msgspec.json.encode(instruments))
    (asked.directory / "lines").write_bytes(b"".join(b"%d %b\n" % message for message in messages))
    with (asked.directory / "rows").open("wb") as rows:
        for time_ns, raw in messages:
            for event in feed.on_message(raw, time_ns):
                if isinstance(event, BookDelta | BookSnapshot) and event.instrument == 0:
                    more = 2 if isinstance(event, BookSnapshot) else 0
                    for side, levels in enumerate((event.bids, event.asks)):
                        rows.writelines(struct.pack("<3q", side + more, *level[:2]) for level in levels)


if __name__ == "__main__":
    main()
