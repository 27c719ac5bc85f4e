"""Ramps candidate books from 0 to 100% over recorded captures: a sound one, a wrong one, and one twice as slow.

`python -m mainspring_tools.flag_captures` runs them over all Binance captures of `MAINSPRING_DATA`. The sound one has
to get to 100%. The wrong one has one wrong level in 100,000; it is to be found in shadow, and in another ramp while it
serves, and taken back. The slow one is to be stopped by its guard. No order may differ from those of a session without
a flag, and what each session was fed has to give the same again.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

import msgspec

from mainspring.data import data_folders
from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.model import Instrument, Level
from mainspring.session.flag_file import FlagFile, FlagRecord, RampRecord
from mainspring.session.flag_watch import FlagWatch
from mainspring.session.guards import GuardPost
from mainspring.session.inputs import RecordedInputs
from mainspring.session.lane_run import LaneRun
from mainspring_plugins.books.sorted_dict import SortedDictBook

__all__ = ["CAPTURES", "Ramped", "Slow", "Wrong", "ramp", "rows_of"]

CAPTURES = (
    ("spot", ("spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz"), "binance-spot", 0.01),
    ("usdm", ("usdm/btcusdt_20240808.gz",), "binance-usdm", 0.01),
    ("coinm", ("cm/btcusd_perp_20240808.gz", "cm/btcusd_perp_20240809.gz"), "binance-coinm", 1),
)
"""The captures by name, with their files, their feed and the size of an order."""

_WRONG_ROW = 100_000
"""Which of the rows of all updates is the wrong one; the middle one if there are fewer."""

_CONFIG = """
market.warm_up_s = 1
session.chunk = 64
strategy.maker = { plugin = "quote-maker", size = 0.01 }
[risk]
max_order_size = 1_000
max_order_notional = 10_000_000
max_position = 1_000
collar_bps = 100
max_book_age_ms = 60_000
[flags.book]
slot = "book"
control = "sorted-dict"
candidate = "bisect-list"
shadow = true
owner = "the tool"
reason = "a trial"
"""


class Ramped(NamedTuple):
    """How a session went: the share at its end, who set it last and why, what was found, and its order log's digest.

    `again` is the digest of what it was fed, run once more, and `served_bp` the largest share that it reached.
    """

    share_bp: int
    served_bp: int
    who: str
    why: str
    differences: int
    digest: str
    again: str


class Wrong(SortedDictBook):
    """Gets one level wrong by a lot, where that is `row`, a price and a size."""

    row: Level = (0, 0)

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """See `mainspring.seams.Book.apply_delta`."""
        wrong = self.row
        super().apply_delta([(price, lots + ((price, lots) == wrong)) for price, lots in bids], asks)


class Slow(SortedDictBook):
    """Keeps a second book like it, so that all that changes it takes twice as long."""

    def __init__(self, instrument: Instrument) -> None:
        super().__init__(instrument)
        self._second = SortedDictBook(instrument)

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """See `mainspring.seams.Book.apply_delta`."""
        super().apply_delta(bids, asks)
        self._second.apply_delta(bids, asks)

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """See `mainspring.seams.Book.apply_snapshot`."""
        super().apply_snapshot(bids, asks)
        self._second.apply_snapshot(bids, asks)


class _Counts(SortedDictBook):
    """Notes the rows of bids that it is given."""

    rows: list[Level]

    def apply_delta(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """See `mainspring.seams.Book.apply_delta`."""
        self.rows.extend(bids)
        super().apply_delta(bids, asks)


class _Planted:
    """A registry in which another factory stands for that of the candidate."""

    def __init__(self, registry: Registry, factory: Callable[..., Any]) -> None:
        self._registry = registry
        self._factory = factory

    def get(self, seam: str, name: str) -> Any:
        """See `Registry.get`."""
        offer = self._registry.get(seam, name)
        if (seam, name) == ("book", "bisect-list"):
            offer = msgspec.structs.replace(offer, factory=self._factory)
        return offer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)


def ramp(
    files: Sequence[Path],
    feed: str,
    registry: Registry,
    folder: Path,
    *,
    factory: Callable[..., Any] | None = None,
    settings: Sequence[str] = (),
    every_s: float = 60.0,
) -> Ramped:
    """Ramps the candidate over captures, in steps of `every_s` seconds of the market's time.

    `feed` reads the files. `factory` makes the candidate's books, None for those of the plugin; `settings` are further
    keys of the config. `folder` takes what the session writes.
    """
    names = [f"feed.capture={msgspec.json.encode([str(file) for file in files]).decode()}", f"feed.plugin={feed}"]
    config = parse_config(_CONFIG, "the tool's config", folder, [*names, *settings])
    plan = make_session(config, registry).lanes[0]
    planted = registry if factory is None else cast("Registry", _Planted(registry, factory))
    inputs, file = folder / "ramp.inputs", FlagFile(folder)
    record = RampRecord(steps_bp=(1, 5_000, 10_000), every_s=every_s)
    file.set(FlagRecord(name="book", ramp=record, who="the tool", why="a trial", at=""))
    served_bp = 0
    with LaneRun(plan, planted, {}, record_inputs=inputs) as run:
        lane = run.lane
        assert lane.flags is not None
        assert lane.swaps is not None
        guards = GuardPost(lane, plan.parts[0].flags)
        watch = FlagWatch(file, lane, lane.flags, run.feed, assess=guards.assess, messages=lambda: run.messages)
        while run.step():
            watch.look()
            served_bp = max(served_bp, lane.flags.board.flags["book"].share_bp)
        first = run.finish()
        found, share_bp = sum(lane.swaps.counts.values()), lane.flags.board.flags["book"].share_bp
    last = file.records()["book"]
    with LaneRun(plan, planted, {}, inputs=RecordedInputs(inputs)) as run:
        while run.step():
            pass
        again = run.finish()
    inputs.unlink()
    file.path.unlink()
    assert first.log is not None
    assert again.log is not None
    return Ramped(share_bp, served_bp, last.who, last.why, found, first.log.sha256, again.log.sha256)


def rows_of(
    files: Sequence[Path], feed: str, registry: Registry, folder: Path, settings: Sequence[str] = ()
) -> tuple[list[Level], str]:
    """Returns the rows of bids that books are given over captures, and the order log's digest without any change.

    `feed` reads the files, `folder` takes what the session writes, and `settings` are further keys of the config.
    """
    rows: list[Level] = []
    counting = type("Counting", (_Counts,), {"rows": rows})
    found = ramp(files, feed, registry, folder, factory=counting, settings=settings, every_s=1e9)
    # What the session was fed runs once more, and gives books the same rows again.
    return rows[: len(rows) // 2], found.digest


def main() -> int:
    """Runs the candidates over all captures, prints how each went, and returns 1 if one went as it shouldn't."""
    registry, wrong = Registry.load(), 0
    binance = next((folder for folder in data_folders() if (folder / "spot").is_dir()), None)
    if binance is None:
        sys.exit("the Binance captures aren't here: set MAINSPRING_DATA to the folder that has spot, usdm and cm")
    with TemporaryDirectory() as folder:
        for name, parts, feed, size in CAPTURES:
            files, sized = [binance / part for part in parts], f"strategy.maker.size={size}"
            rows, usual = rows_of(files, feed, registry, Path(folder), [sized])
            at = min(_WRONG_ROW, len(rows) // 2)
            # One that comes once, so that one update of all is wrong.
            often = Counter(rows)
            row = next(one for one in rows[at:] if one[1] and often[one] == 1)
            planted = type("Planted", (Wrong,), {"row": row})
            guarded = [sized, "flags.book.guards.p99_ratio=1.5"]
            for what, factory, settings, every_s, expected_bp in (
                ("sound", None, guarded, 60.0, 10_000),
                ("wrong, in shadow", planted, [sized], 900.0, 0),
                ("wrong, while it serves", planted, [sized], 5.0, 0),
                ("slow", Slow, guarded, 60.0, 0),
            ):
                found = ramp(files, feed, registry, Path(folder), factory=factory, settings=settings, every_s=every_s)
                right = found.share_bp == expected_bp and found.digest == found.again == usual
                wrong += not right
                sys.stdout.write(
                    f"{name}, {what}: {len(rows):,} rows of bids, at {found.share_bp / 100:g}% (at most "
                    f"{found.served_bp / 100:g}%), {found.differences} differences, {found.who}: {found.why}; orders "
                    f"{'the same' if found.digest == usual else 'DIFFER'}, again "
                    f"{'the same' if found.digest == found.again else 'DIFFERENT'}{'' if right else ': WRONG'}\n"
                )
                sys.stdout.flush()
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
