"""`venue`: a venue in a box."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import msgspec
import orjson
import typer

from mainspring.cli.session import CaptureOption, FeedOption, SetOption, load_session
from mainspring.data import read_capture
from mainspring.errors import ConfigError
from mainspring.host.planning import make_plan
from mainspring.wire import WireFeed

if TYPE_CHECKING:
    from mainspring.session.live.venue import Served

__all__ = ["venue"]


def venue(
    captures: CaptureOption = None,
    *,
    feed: FeedOption = None,
    port: Annotated[int, typer.Option(help="The port on loopback; 0 takes a free one.", min=0, max=65_535)] = 0,
    speed: Annotated[
        float, typer.Option(help="How many times as fast as recorded; 0 is as fast as it is read.", min=0)
    ] = 1.0,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="KIND@N",
            help="Once, at message N: close, mute, drop, double or swap. Repeatable.",
            show_default=False,
        ),
    ] = None,
    overrides: SetOption = None,
) -> None:
    """Serve a capture on loopback as its venue would, over TLS, until Ctrl-C.

    Prints one line of JSON: the addresses, the certificate to trust, the instruments, and the configuration of a feed
    that connects here.
    """
    if not captures:
        raise ConfigError("name the capture to serve: mainspring venue --capture FILE")
    try:
        from mainspring.session.live.venue import CaptureVenue, Fault, serve_until_signal
    except ModuleNotFoundError as error:
        raise ConfigError(f"serving needs {error.name}, which isn't installed: install mainspring[venue]") from error

    def fault(text: str) -> Fault:
        kind, _, at = text.partition("@")
        if kind not in get_args(Fault.__annotations__["kind"]) or not at.isdigit():
            raise ConfigError(f"--fault {text}: write KIND@N, such as close@1000")
        return msgspec.convert({"kind": kind, "at": int(at)}, Fault)

    loaded, registry = load_session(None, captures, feed, [*(overrides or ()), "mode=replay"])
    plan = make_plan(loaded, registry)
    declared = registry.get("feed", plan.feed.plugin).factory
    if not isinstance(declared, WireFeed):
        raise ConfigError(f"the feed {plan.feed.plugin!r} isn't declared, so its venue isn't known")
    messages = (message for path in plan.source.captures for message in read_capture(path))
    box = CaptureVenue(
        declared,
        plan.instruments,
        registry.get("codec", plan.codec.plugin).factory(),
        messages,
        encoding=plan.source.encoding,
        speed=speed,
        faults=[fault(text) for text in faults or ()],
    )

    def started(served: "Served") -> None:
        grids = {
            one.symbol: {
                "venue_symbol": one.venue_symbol,
                "tick_size": str(one.tick_size),
                "lot_size": str(one.lot_size),
            }
            for one in plan.instruments
        }
        connect = msgspec.to_builtins(served)
        told = {"feed": {"plugin": plan.feed.plugin, "connect": connect}, "instrument": grids}
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="mainspring-venue-") as folder:
        serve_until_signal(box, Path(folder), port, started)
