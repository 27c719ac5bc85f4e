"""`venue`: a venue in a box."""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args

import msgspec
import orjson
import typer

from mainspring.cli.output import write_file
from mainspring.cli.session import CaptureOption, FeedOption, SetOption, load_session
from mainspring.data import read_capture
from mainspring.errors import ConfigError
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.wire import WireFeed

if TYPE_CHECKING:
    from mainspring.session.live.venue import Served
    from mainspring.session.live.venue.binance import Market

__all__ = ["venue"]

_Box: TypeAlias = tuple[Any, tuple[Instrument, ...], Callable[["Served"], dict[str, Any]]]

_NS = 1_000_000_000
_SYMBOLS = {
    "alpaca": ("BTC/USD", "ETH/USD", "AAPL"),
    "binance-spot": ("BTC/USDT", "ETH/USDT"),
    "binance-usdm": ("BTC/USDT", "ETH/USDT"),
}
_PATHS: dict[str, dict[str, str]] = {
    "alpaca": {"updates": "stream", "crypto": "v1beta3/crypto/us", "stocks": "v2/iex"},
    "binance-spot": {"updates": "ws-api/v3", "market": "stream"},
    "binance-usdm": {"updates": "private/ws", "market": "stream"},
}


def venue(
    captures: CaptureOption = None,
    *,
    feed: FeedOption = None,
    api: Annotated[
        str | None,
        typer.Option(help=f"The exchange's API: {', '.join(_SYMBOLS)}.", show_default="alpaca"),
    ] = None,
    symbols: Annotated[
        list[str] | None,
        typer.Option(
            "--instrument",
            metavar="SYMBOL",
            help=f"What the exchange trades; repeatable. Without it: {', '.join(_SYMBOLS['alpaca'])}, or at Binance "
            f"{', '.join(_SYMBOLS['binance-spot'])}.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Determines the exchange's market and its ids.", min=0)] = 1,
    cash: Annotated[int, typer.Option(help="What the exchange's account begins with.", min=0)] = 1_000_000,
    secret: Annotated[
        str,
        typer.Option(
            help="What requests to Binance's API must be signed with; without it any signature will do.",
            show_default=False,
        ),
    ] = "",
    clock_off: Annotated[
        float, typer.Option("--clock-off", help="How many seconds the exchange's clock is ahead; less is behind.")
    ] = 0.0,
    trust: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the certificate to trust to this file.", show_default=False),
    ] = None,
    port: Annotated[int, typer.Option(help="The port on loopback; 0 takes a free one.", min=0, max=65_535)] = 0,
    speed: Annotated[
        float,
        typer.Option(
            help="How many times as fast as recorded, 0 as fast as it is read; for the exchange, of its order flow.",
            min=0,
            max=100,
        ),
    ] = 1.0,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="KIND@N",
            help="Once, at message N: close, mute, drop, double or swap. Repeatable. "
            "Of the exchange WHERE.KIND@N: WHERE is data, updates or orders.",
            show_default=False,
        ),
    ] = None,
    overrides: SetOption = None,
) -> None:
    """Serve an exchange, or a capture as its venue would, on loopback over TLS, until Ctrl-C.

    Without --capture it is an exchange of its own, with Alpaca's API or Binance's: a seeded market, orders, and an
    account. Prints one line of JSON: the addresses, the certificate to trust and the instruments, and of a capture the
    configuration of a feed that connects here.
    """
    try:
        from mainspring.session.live.venue import serve_until_signal
    except ModuleNotFoundError as error:
        raise ConfigError(f"serving needs {error.name}, which isn't installed: install mainspring[venue]") from error
    if captures:
        if api is not None:
            raise ConfigError("--api is for an exchange: a capture is served as the venue that it was recorded from")
        box, instruments, describe = _recorded(captures, feed, overrides, speed, faults or ())
    else:
        box, instruments, describe = _exchange(
            api or "alpaca", symbols, seed, cash, secret, clock_off, speed, faults or ()
        )

    def started(served: "Served") -> None:
        if trust is not None:
            write_file(trust, Path(served.trust).read_bytes())
        grids = {
            one.symbol: {
                "venue_symbol": one.venue_symbol,
                "tick_size": str(one.tick_size),
                "lot_size": str(one.lot_size),
            }
            for one in instruments
        }
        sys.stdout.write(orjson.dumps({**describe(served), "instrument": grids}).decode() + "\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="mainspring-venue-") as folder:
        serve_until_signal(box, Path(folder), port, started)


def _exchange(
    api: str,
    symbols: Sequence[str] | None,
    seed: int,
    cash: int,
    secret: str,
    clock_off: float,
    speed: float,
    faults: Sequence[str],
) -> _Box:
    """Returns the exchange, its instruments, and what to say of its addresses."""
    from mainspring.session.live.venue.alpaca import alpaca_instruments, build_alpaca
    from mainspring.session.live.venue.binance import binance_instruments, build_binance
    from mainspring.session.live.venue.faults import ExchangeFault

    if api not in _SYMBOLS:
        raise ConfigError(f"--api {api}: there are {', '.join(_SYMBOLS)}")
    if secret and api == "alpaca":
        raise ConfigError("--secret is for Binance's API: Alpaca's requests aren't signed")
    off_ns = int(clock_off * _NS)
    try:
        parsed = [ExchangeFault.parse(text) for text in faults]
    except ValueError as error:
        raise ConfigError(f"--fault: {error}") from error
    symbols = symbols or _SYMBOLS[api]
    build = partial(
        _built,
        seed=seed,
        cash=Decimal(cash),
        rate=speed or 1.0,
        clock_ns=lambda: time.time_ns() + off_ns,
        faults=parsed,
    )
    if api == "alpaca":
        instruments = alpaca_instruments(symbols)
        box = build(partial(build_alpaca, instruments))
    else:
        market: Market = "spot" if api == "binance-spot" else "usdm"
        instruments = binance_instruments(symbols, market)
        box = build(partial(build_binance, instruments, market=market, secret=secret))

    def describe(served: "Served") -> dict[str, Any]:
        paths = _PATHS[api]
        addresses = {name: f"{served.address}{path}" for name, path in paths.items()}
        return {"api": api, "seed": seed, "rest": served.rest, **addresses, "trust": served.trust}

    return box, instruments, describe


def _built(build: Callable[..., Any], **options: Any) -> Any:
    return build(registry=Registry.load(), **options)


def _recorded(
    captures: list[str], feed: str | None, overrides: list[str] | None, speed: float, faults: Sequence[str]
) -> _Box:
    """Returns the venue that serves a capture, its instruments, and what to say of its addresses."""
    from mainspring.session.live.venue import CaptureVenue, Fault

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
    plugin = plan.feed.plugin
    box = CaptureVenue(
        declared,
        plan.instruments,
        registry.get("codec", plan.codec.plugin).factory(),
        messages,
        encoding=plan.source.encoding,
        speed=speed,
        faults=[fault(text) for text in faults],
    )
    return box, plan.instruments, lambda served: {"feed": {"plugin": plugin, "connect": msgspec.to_builtins(served)}}
