"""`orders`: what order logs and journals have of orders, and what a person says became of one."""

import sys
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from hwprofile.terminal import printable
from mainspring.cli.command import make_app
from mainspring.cli.control_text import who
from mainspring.cli.journal import is_journal, opened_journal
from mainspring.cli.orders_text import Describer
from mainspring.cli.output import plain_table, print_json, print_json_lines, print_warnings, results
from mainspring.errors import ConfigError, GridError
from mainspring.host.guard import calling
from mainspring.host.registry import Registry
from mainspring.journal import JournalLog
from mainspring.model import Side, units_from_text
from mainspring.orders import Order, OrderLogFile
from mainspring.report.figures import utc_text
from mainspring.session.resolving import JournalledOrders
from mainspring.session.takeover import last_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainspring.model import LogRecord
    from mainspring.orders.persons_word import Outcome
    from mainspring.seams import Journal, Records

__all__ = ["orders_app"]

orders_app = make_app(name="orders", help="Read orders, and say what became of one.", no_args_is_help=True)

_WhereArgument = Annotated[
    Path,
    typer.Argument(metavar="JOURNAL", help="A journal's SQLite file, or a configuration with a [journal] table."),
]
_LaneOption = Annotated[str, typer.Option(metavar="NAME", help="The lane, if the journal has several.")]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


@orders_app.command("list")
def list_orders(
    where: _WhereArgument,
    *,
    lane: _LaneOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended, of the latest.")] = False,
    as_json: _JsonOption = False,
) -> None:
    """List the open orders that a journal has, the positions, and the instruments that may not trade.

    It is the state at the journal's last block. What has happened at the venue since, only the venue knows:
    `mainspring run --recover` asks it.
    """
    with _read(where, lane) as (_, state):
        tracker = state.tracker
        known = (tracker.find(order_id) for order_id in range(state.outbox.next_order_id))
        orders = [one for one in known if one is not None and (everything or not one.ended)]
        rows = [_described(state, order) for order in orders]
        positions = {
            name: _size(state, place, state.portfolio.accounts[place].position_lots)
            for place, name in enumerate(state.names)
        }
        stops = {state.names[place]: f"{stop.reason}: {stop.detail}" for place, stop in tracker.stops.items()}
        if as_json:
            print_json(
                {"at": utc_text(state.recovered.time_ns), "orders": rows, "positions": positions, "stops": stops}
            )
            return
    table = plain_table(*_COLUMNS)
    for row in rows:
        table.add_row(*(str(row[name.lstrip(">")]) for name in _COLUMNS))
    out = results()
    out.print(table if rows else "no order is open", soft_wrap=True)
    for name, size in positions.items():
        out.print(f"position in {name}: {size}", markup=False, soft_wrap=True)
    for name, why in stops.items():
        out.print(f"no new order in {name}: {why}", markup=False, soft_wrap=True)


_COLUMNS = (">order", "instrument", "side", ">size", ">filled", ">price", "state", "strategy", "client order id")


@orders_app.command("show")
def show(
    where: Annotated[
        Path, typer.Argument(metavar="FILE|JOURNAL", help="What `run --order-log FILE` wrote, or a journal.")
    ],
    order: Annotated[
        str | None, typer.Argument(metavar="ID", help="Only this order, by its number.", show_default=False)
    ] = None,
    *,
    lane: _LaneOption = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object a line: the header, then each record.")
    ] = False,
) -> None:
    """Print a line for each request, decision and order event: of an order log, or of a journal's order.

    A record that a killed session left half written is left out, with a warning. A log that is damaged anywhere else
    is an error that names the byte.
    """
    if is_journal(where):
        if order is None:
            raise ConfigError(f"name an order; `mainspring journal show {where}` prints a whole session")
        with _read(where, lane) as (journal, state):
            order_id = state.find(order).order.order_id
            describer = Describer(state.instruments)
            for session in state.recovered.sessions:
                _print(JournalLog(journal, session, _records().decode), describer, order_id, as_json=as_json)
        return
    log = OrderLogFile(where, _records().decode)
    wanted = None if order is None else _number(order)
    if as_json and wanted is None:
        header = {"type": "log", "version": log.version, "instruments": msgspec.to_builtins(log.instruments)}
        print_json_lines(chain([header], map(msgspec.to_builtins, log)))
    else:
        _print(log, Describer(log.instruments), wanted, as_json=as_json)
    if log.torn_at is not None:
        print_warnings([f"{where}: the record at byte {log.torn_at} was never finished and is left out"])


@orders_app.command("book")
def book(
    where: _WhereArgument,
    instrument: Annotated[str, typer.Argument(metavar="INSTRUMENT", help="Where the position differs.")],
    side: Annotated[str, typer.Argument(metavar="buy|sell", help="What was done.")],
    size: Annotated[str, typer.Argument(metavar="SIZE", help="How much, in the instrument's units.")],
    price: Annotated[str, typer.Argument(metavar="PRICE", help="At what price.")],
    *,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    lane: _LaneOption = "",
) -> None:
    """Book what makes the venue's position another one than that of all fills, as you know from the venue.

    It is an execution of no order of ours, recorded with who, when and why; the instrument may then trade again. It
    counts from the next `mainspring run --recover` on, which holds the position against the venue's.
    """
    if not why:
        raise ConfigError("say how you know: --why TEXT")
    if side not in ("buy", "sell"):
        raise ConfigError(f"say buy or sell, not {side!r}")
    with _read(where, lane) as (_, state):
        place = _place(state, instrument)
        lots = _units(state, place, size, "size")
        ticks = _units(state, place, price, "price")
        if lots <= 0 or ticks <= 0:
            raise ConfigError(f"{size} at {price}: both must be above 0")
        session = state.book(place, Side.BUY if side == "buy" else Side.SELL, lots, ticks, who=who(), why=why)
        held = state.portfolio.accounts[place].position_lots + (lots if side == "buy" else -lots)
        said = f"position in {instrument}: {_size(state, place, held)}"
    results().print(f"{said}, as session {session} of the journal has it", markup=False, soft_wrap=True)


@orders_app.command("resolve")
def resolve(
    where: _WhereArgument,
    order: Annotated[
        str | None, typer.Argument(metavar="ID", help="The order's number, or its client order id.", show_default=False)
    ] = None,
    *,
    outcome: Annotated[
        str | None,
        typer.Option("--as", metavar="OUTCOME", help="open, filled, cancelled, expired, rejected.", show_default=False),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    price: Annotated[str | None, typer.Option(help="With --as filled: at what price.", show_default=False)] = None,
    instrument: Annotated[
        str | None, typer.Option(help="Instead of an order: let this instrument trade again.", show_default=False)
    ] = None,
    lane: _LaneOption = "",
) -> None:
    """Record what became of an order, as you know from the venue, or that a difference is explained.

    It is recorded in the journal with who, when and why, and counts from the next `mainspring run --recover` on. Look
    at the venue first: what is recorded here isn't checked against it before that.
    """
    if not why:
        raise ConfigError("say how you know: --why TEXT")
    if (order is None) == (instrument is None):
        raise ConfigError("name an order, or an instrument with --instrument NAME")
    with _read(where, lane) as (_, state):
        if instrument is not None:
            session = state.clear(_place(state, instrument), who=who(), why=why)
            said = f"{instrument} may trade again"
        else:
            if outcome not in ("open", "filled", "cancelled", "expired", "rejected"):
                raise ConfigError("say what became of it: --as open, filled, cancelled, expired or rejected")
            found = state.find(order or "")
            ticks = None if price is None else _units(state, found.order.instrument, price, "price")
            chosen: Outcome = outcome  # type: ignore[assignment]
            session = state.resolve(found, chosen, who=who(), why=why, price_ticks=ticks)
            said = f"order {found.order.order_id} is {outcome}"
    results().print(f"{said}, as session {session} of the journal has it", markup=False, soft_wrap=True)


def _records() -> "Records":
    offer = Registry.load().best("records")
    with calling(offer, "be made"):
        made: Records = offer.factory()
    return made


@contextmanager
def _read(where: Path, lane: str) -> "Iterator[tuple[Journal, JournalledOrders]]":
    """Opens a journal and recovers its orders."""
    with opened_journal(where) as (journal, records):
        session = last_session(journal, lane)
        if session is None:
            raise ConfigError(f"{where} has no session{f' of the lane {lane!r}' if lane else ''} yet")
        yield journal, JournalledOrders(journal, session, records)


def _print(log: "Iterator[LogRecord] | Any", describer: Describer, order_id: int | None, *, as_json: bool) -> None:
    for record in log:
        text = describer.describe(record)
        if order_id not in (None, getattr(getattr(record, "order", record), "order_id", None)):
            continue
        if as_json:
            print_json_lines([msgspec.to_builtins(record)])
        else:
            sys.stdout.write(printable(text) + "\n")


def _number(order: str) -> int:
    if not order.isdecimal():
        raise ConfigError(f"{order!r} isn't an order's number")
    return int(order)


def _place(state: JournalledOrders, instrument: str) -> int:
    if instrument not in state.names:
        raise ConfigError(f"{instrument!r} isn't an instrument of this lane, which has {', '.join(state.names)}")
    return state.names.index(instrument)


def _units(state: JournalledOrders, place: int, text: str, field: Literal["price", "size"]) -> int:
    one = state.instruments[place]
    try:
        return units_from_text(
            text, one.tick_size if field == "price" else one.lot_size, instrument=one.name, field=field
        )
    except GridError as error:
        raise ConfigError(f"{field} {text}: {error}") from error


def _described(state: JournalledOrders, order: Order) -> dict[str, Any]:
    sent, place = order.order, order.order.instrument
    tick = state.instruments[place].tick_size
    return {
        "order": sent.order_id,
        "instrument": state.names[place],
        "side": sent.side.name.lower(),
        "size": _size(state, place, order.size_lots),
        "filled": _size(state, place, order.filled_lots),
        "price": format(order.price_ticks * tick, "f") if order.price_ticks else "market",
        "state": str(order.state),
        "strategy": sent.strategy,
        "client order id": state.outbox.client_order_id(sent.order_id),
    }


def _size(state: JournalledOrders, place: int, lots: int) -> str:
    return format(Decimal(lots) * state.instruments[place].lot_size, "f")
