"""The page of a session from top to bottom."""

from collections.abc import Sequence

from mainspring.report.cost_grids import markouts_grid, slippage_grid
from mainspring.report.figures import (
    amount_decimals,
    at_step,
    clock,
    count_of,
    duration,
    latency,
    round_latency,
    signed,
)
from mainspring.report.findings import (
    advice,
    describe_drift,
    format_budget,
    market_seconds,
    open_orders_heading,
    slippage_notes,
    small_print,
    warnings,
)
from mainspring.report.live_grids import book_times_grid, connections_grid, lag_grid, losses_grid
from mainspring.report.messages_grid import messages_grid
from mainspring.report.model import SessionReport
from mainspring.report.money_grids import profit_grid, strategies_grid, totals_grid
from mainspring.report.page.budget_chart import budget_chart
from mainspring.report.page.latency_chart import latency_chart
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.placement_chart import placement_chart
from mainspring.report.page.price_chart import price_chart
from mainspring.report.page.races_chart import races_chart
from mainspring.report.page.shell import card, cards, page, section
from mainspring.report.page.slippage_chart import slippage_chart
from mainspring.report.page.table import grid_table
from mainspring.report.page.tables import drift_table, fills_table, slots_table, stages_table
from mainspring.report.page.throughput_chart import throughput_chart
from mainspring.report.stages import stage_label, verdict
from mainspring.report.trading import CurrencyTotal, InstrumentReport
from mainspring.report.trading_grids import (
    differences_grid,
    discrepancies_grid,
    open_orders_grid,
    orders_grid,
    refusals_grid,
)

__all__ = ["to_html"]

_MOST_CHARTS = 8


def to_html(report: SessionReport) -> str:
    """Returns the report as one HTML page, made with `mainspring.report.page.shell.page`. All free text is escaped."""
    return page(
        f"Mainspring session report: {report.feed.source}",
        _header(report),
        _warnings(report),
        _profit(report),
        _orders(report),
        *_prices(report),
        _slippage(report),
        _markouts(report),
        _latency(report),
        _throughput(report),
        _messages(report),
        _connections(report),
        _placement(report),
        _races(report),
        _drift(report),
        _slots(report),
        _footer(report),
    )


def _header(report: SessionReport) -> Html:
    feed = report.feed
    when = f"{clock(feed.first_receive_ns)}, {duration(market_seconds(report))} of market time" if feed.messages else ""
    facts = (f"{report.mode} session", f"config {report.config}", f"seed {report.seed}", when)
    return tag(
        "header",
        tag("h1", f"Session report: {feed.source}"),
        tag("p", "; ".join(fact for fact in facts if fact), class_="soft"),
        cards(*_cards(report)),
    )


def _cards(report: SessionReport) -> list[Html | None]:
    feed, timing, instruments = report.feed, report.timing, report.instruments
    fills = sum(one.fills for one in instruments)
    maker_fills = sum(one.maker_fills for one in instruments)
    still_open = sum(len(one.open_orders) for one in instruments)
    rate = f"{timing.messages_per_second:,.0f} a second" if timing.wall_seconds else ""
    return [
        *(_net_card(total) for total in report.totals),
        _position_card(instruments),
        card("Orders", f"{sum(one.orders for one in instruments):,}", f"{still_open:,} open at the end"),
        card("Fills", f"{fills:,}", f"{maker_fills:,} maker, {fills - maker_fills:,} taker"),
        card("Messages", f"{feed.messages:,}", rate),
        _whole_path_card(report),
        card("Gaps", f"{feed.gaps:,}", count_of(feed.resyncs, "resync"), "bad" if feed.gaps else None),
    ]


def _net_card(total: CurrencyTotal) -> Html:
    net = total.net
    shown = "unknown" if net is None else signed(net, amount_decimals([net]))
    colour = {"-": "bad", "+": "good"}.get(shown[:1])
    return card("Net profit", join(shown, " ", tag("small", total.currency)), "after fees", colour)


def _position_card(instruments: Sequence[InstrumentReport]) -> Html | None:
    if not instruments:
        return None
    if len(instruments) > 1:
        still_open = sum(bool(one.position.strip("-0.")) for one in instruments)
        return card("Positions", f"{still_open:,} open", f"of {count_of(len(instruments), 'instrument')}")
    (one,) = instruments
    mark = at_step(one.book.mid, [one.tick_size], halves=True)
    return card("Position", at_step(one.position, [one.lot_size]), f"{one.symbol}, mid {mark}")


def _whole_path_card(report: SessionReport) -> Html | None:
    for stage in report.timing.stages:
        if stage_label(stage) == "whole path" and stage.count:
            budget = f"budget {round_latency(stage.budget_us * 1000, 'µs')}" if stage.budget_us else "no budget"
            colour = "bad" if verdict(stage) == "over" else None
            return card("Whole path, p99", latency(stage.p99_ns, "µs"), budget, colour)
    return None


def _warnings(report: SessionReport) -> Html | None:
    found = warnings(report)
    if not found:
        return None
    return section("Before you trust the figures", tag("ul", *[tag("li", one) for one in found]), class_="warning")


def _latency(report: SessionReport) -> Html | None:
    stages = report.timing.stages
    if not stages:
        return None
    charts = (latency_chart(stages), budget_chart(stages)) if any(stage.count for stage in stages) else ()
    words = format_budget(report)
    assessed = f"{words[0].upper()}{words[1:]}. " if words else ""
    note = f"{assessed}A line shows how long the passes of a stage took: to the right the rare ones, upwards the slow."
    return section("Latency", *charts, stages_table(stages), note=note)


def _throughput(report: SessionReport) -> Html | None:
    chart = throughput_chart(report)
    if chart is None:
        return None
    note = (
        "How fast messages were worked off, and how fast the market sent them: the distance between the lines is the "
        "room for a busier market."
    )
    return section("Throughput", chart, note=note)


def _prices(report: SessionReport) -> list[Html]:
    """Returns a section per instrument that moved or traded; if there are many, for those with the most fills."""
    drawn = [one for one in report.instruments if one.mids or one.fill_samples]
    chosen = sorted(drawn, key=lambda one: -one.fills)[:_MOST_CHARTS]
    sections = [_price(one) for one in drawn if one in chosen]
    if len(chosen) < len(drawn):
        left_out = len(drawn) - len(chosen)
        sections.append(tag("p", f"{count_of(left_out, 'instrument')} with fewer fills not drawn.", class_="soft"))
    return sections


def _price(one: InstrumentReport) -> Html:
    note = (
        "Triangles are fills: solid ones rested in the book (maker), hollow ones took liquidity (taker). Dashes are "
        "orders, at their limits. Point at a fill for its figures."
    )
    return section(one.symbol, price_chart(one, fills_table(one.fill_samples) if one.fill_samples else None), note=note)


def _profit(report: SessionReport) -> Html | None:
    if not report.instruments:
        return None
    totals = grid_table("Totals by currency", totals_grid(report))
    strategies = grid_table("Strategies", strategies_grid(report))
    return section(
        "Profit and position",
        grid_table("Profit and position", profit_grid(report)),
        tag("h3", "Totals by currency") if totals is not None else None,
        totals,
        tag("h3", "Strategies") if strategies is not None else None,
        strategies,
        note="Net is profit less fees, plus funding. An open position is valued at the mark.",
    )


def _orders(report: SessionReport) -> Html | None:
    if not report.instruments:
        return None
    refused = grid_table("Refused orders", refusals_grid(report))
    still_open = grid_table("Open orders", open_orders_grid(report))
    disputed = grid_table("Discrepancies", discrepancies_grid(report))
    differences = grid_table("Reconciliation", differences_grid(report))
    return section(
        "Orders and fills",
        grid_table("Orders", orders_grid(report)),
        tag("h3", open_orders_heading(report)) if still_open is not None else None,
        still_open,
        tag("h3", "Refused orders"),
        refused or tag("p", "No order was refused.", class_="soft"),
        tag("h3", "Discrepancies with the venue") if disputed is not None else None,
        disputed,
        tag("h3", "Reconciliation with the venue") if differences is not None else None,
        differences,
    )


def _slippage(report: SessionReport) -> Html | None:
    grid = slippage_grid(report)
    if grid is None:
        return None
    notes = " ".join(f"{note[0].upper()}{note[1:]}." for note in slippage_notes(report))
    note = "What fills cost in basis points of the mid price, weighted by size. Positive is a cost."
    return section(
        "Slippage, estimated and realised",
        slippage_chart(report),
        grid_table("Slippage", grid),
        note=f"{note} {notes}".rstrip(),
    )


def _markouts(report: SessionReport) -> Html | None:
    grid = markouts_grid(report)
    if grid is None:
        return None
    note = (
        "How far the mid had moved our way some time after each fill: the mean, weighted by size, and what it came to. "
        "Below zero the market moved against us. Fills too near the end aren't measurable."
    )
    return section("Markouts", grid_table("Markouts", grid), note=note)


def _placement(report: SessionReport) -> Html | None:
    if not report.timing.threads:
        return None
    note = "The CPU that each thread was to run on, and where samples of the scheduler found it."
    return section("Where the threads ran", placement_chart(report.timing.threads), note=note)


def _races(report: SessionReport) -> Html | None:
    if not report.timing.races:
        return None
    note = (
        "How many times as fast as the default each candidate was on this host, with its interval. What lies within "
        "the noise is no difference."
    )
    note = " ".join([note, *(f"{line[0].upper()}{line[1:]}." for line in report.timing.profiles)])
    return section("Races on this host", races_chart(report.timing.races), note=note)


def _drift(report: SessionReport) -> Html | None:
    if not report.timing.drift:
        return None
    note = f"{describe_drift(report)}. The factor is relative to the stage's median in the profile."
    return section("Drift from this host's profile", drift_table(report.timing.drift), note=note)


def _messages(report: SessionReport) -> Html:
    note = f"From {report.feed.source}, read by {report.feed.plugin}."
    return section("Messages", grid_table("Messages", messages_grid(report)), note=note)


def _connections(report: SessionReport) -> Html | None:
    live = report.timing.live
    if live is None:
        return None
    losses = grid_table("Losses", losses_grid(live))
    lag = grid_table("Lag", lag_grid(live))
    note = (
        "The lag is what messages took beyond the fastest one of late, by the venue's times. How long that one took, "
        "and how far our clock is ahead, nothing tells: both are in the clock's lead."
    )
    return section(
        "Connections",
        grid_table("Connections", connections_grid(live)),
        tag("h3", "Connections lost, gaps, and what wasn't answered") if losses is not None else None,
        losses,
        tag("h3", "Lag of messages") if lag is not None else None,
        lag,
        tag("h3", "Time without a book"),
        grid_table("Time without a book", book_times_grid(live)),
        note=note if lag is not None else "",
    )


def _slots(report: SessionReport) -> Html | None:
    if not report.slots:
        return None
    return section("What ran", tag("div", slots_table(report), class_="slots"))


def _footer(report: SessionReport) -> Html:
    lines = [tag("p", line) for line in small_print(report)]
    next_steps = [tag("p", sentence, class_="advice") for sentence in advice(report)]
    return tag("footer", join(*lines), tag("p", f"Mainspring {report.mainspring}"), *next_steps)
