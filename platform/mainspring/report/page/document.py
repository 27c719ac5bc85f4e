"""The page from top to bottom."""

from importlib.resources import files

from mainspring.report.figures import clock, count_of, duration, latency, round_latency
from mainspring.report.findings import budget_words, market_seconds, small_print, total_net_words, warnings
from mainspring.report.model import InstrumentReport, SessionReport
from mainspring.report.page.latency_chart import latency_chart
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.price_chart import price_chart
from mainspring.report.page.tables import (
    fills_table,
    messages_table,
    orders_table,
    profit_table,
    refusals_table,
    slippage_table,
    slots_table,
    stages_table,
)
from mainspring.report.stages import stage_label, verdict

__all__ = ["to_html"]

_MOST_CHARTS = 8
# The page asks for nothing from anywhere, and a browser is told to hold it to that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def to_html(report: SessionReport) -> str:
    """The report as one page of HTML with its style and drawings inside: it needs no network and runs no script.

    It follows the reader's choice of light or dark, and fits a phone. All free text is escaped.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"Mainspring session report: {report.feed.source}"),
        tag("style", _style()),
    )
    parts = (
        _header(report),
        _warnings(report),
        _latency(report),
        *_prices(report),
        _orders(report),
        _slippage(report),
        _messages(report),
        _slots(report),
        _footer(report),
    )
    body = tag("body", tag("main", *parts))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _style() -> Html:
    return Html(files("mainspring.report.page").joinpath("style.css").read_text(encoding="utf-8"))


def _section(title: str, *children: Html | None, note: str = "", class_: str | None = None) -> Html:
    described = tag("p", note, class_="soft") if note else None
    return tag("section", tag("h2", title), described, *children, class_=class_)


def _header(report: SessionReport) -> Html:
    feed = report.feed
    when = f"{clock(feed.first_receive_ns)}, {duration(market_seconds(report))} of market time" if feed.messages else ""
    facts = (f"{report.mode} session", f"config {report.config}", f"seed {report.seed}", when)
    return tag(
        "header",
        tag("h1", f"Session report: {feed.source}"),
        tag("p", "; ".join(fact for fact in facts if fact), class_="soft"),
        tag("dl", *_cards(report), class_="cards"),
    )


def _cards(report: SessionReport) -> list[Html]:
    feed, timing = report.feed, report.timing
    fills = sum(one.fills for one in report.instruments)
    maker_fills = sum(one.maker_fills for one in report.instruments)
    rate = f"{timing.messages_per_second:,.0f} a second" if timing.wall_seconds else ""
    cards = [
        _net_card(report),
        _card("Fills", f"{fills:,}", f"{maker_fills:,} maker, {fills - maker_fills:,} taker"),
        _card("Messages", f"{feed.messages:,}", rate),
        _whole_path_card(report),
        _card("Gaps", f"{feed.gaps:,}", count_of(feed.resyncs, "resync"), "bad" if feed.gaps else None),
    ]
    return [card for card in cards if card is not None]


def _net_card(report: SessionReport) -> Html | None:
    net = total_net_words(report)
    colour = {"-": "bad", "+": "good"}.get(net[:1])
    number, _, currency = net.partition(" ")
    return _card("Net profit", join(number, " ", tag("small", currency)), "after fees", colour) if net else None


def _card(name: str, figure: Html | str, note: str, colour: str | None = None) -> Html:
    shown = tag("dd", figure, class_=f"figure {colour}" if colour else "figure")
    return tag("div", tag("dt", name), shown, tag("dd", note, class_="note"), class_="card")


def _whole_path_card(report: SessionReport) -> Html | None:
    for stage in report.timing.stages:
        if stage_label(stage) == "whole path" and stage.count:
            budget = f"budget {round_latency(stage.budget_us * 1000, 'µs')}" if stage.budget_us else "no budget"
            colour = "bad" if verdict(stage) == "over" else None
            return _card("Whole path, p99", latency(stage.p99_ns, "µs"), budget, colour)
    return None


def _warnings(report: SessionReport) -> Html | None:
    found = warnings(report)
    if not found:
        return None
    return _section("Before you trust the figures", tag("ul", *[tag("li", one) for one in found]), class_="warning")


def _latency(report: SessionReport) -> Html | None:
    stages = report.timing.stages
    if not stages:
        return None
    chart = latency_chart(stages) if any(stage.count for stage in stages) else None
    words = budget_words(report)
    judged = f"{words[0].upper()}{words[1:]}. " if words else ""
    note = f"{judged}Lines show how long the passes of each stage took; a diamond at 99% is the stage's budget."
    return _section("Latency", chart, stages_table(stages), note=note)


def _prices(report: SessionReport) -> list[Html]:
    """A section for each instrument that moved or traded; of many, for those with the most fills."""
    drawn = [one for one in report.instruments if one.mids or one.marks]
    chosen = sorted(drawn, key=lambda one: -one.fills)[:_MOST_CHARTS]
    sections = [_price(one) for one in drawn if one in chosen]
    if len(chosen) < len(drawn):
        left_out = len(drawn) - len(chosen)
        sections.append(tag("p", f"{count_of(left_out, 'instrument')} with fewer fills not drawn.", class_="soft"))
    return sections


def _price(one: InstrumentReport) -> Html:
    listed = tag("details", tag("summary", "Fills one by one"), fills_table(one.marks)) if one.marks else None
    note = "Solid marks rested in the book (maker), hollow ones took liquidity (taker). Point at one for its figures."
    return _section(f"{one.symbol}: mid price and fills", price_chart(one), listed, note=note)


def _orders(report: SessionReport) -> Html | None:
    if not report.instruments:
        return None
    refused = refusals_table(report) if report.refusals else tag("p", "No order was refused.", class_="soft")
    return _section(
        "Orders, fills and profit",
        orders_table(report),
        profit_table(report),
        tag("h3", "Refused orders"),
        refused,
        note="Profit is realised plus unrealised; net is profit less fees. An open position is marked to the mid.",
    )


def _slippage(report: SessionReport) -> Html | None:
    if not any(one.slippage for one in report.instruments):
        return None
    note = (
        "Cost in basis points of the mid price when the order was made, weighted by size. Positive is a cost. "
        "The last columns are what the estimate is made of."
    )
    return _section("Slippage, estimated and realised", slippage_table(report), note=note)


def _messages(report: SessionReport) -> Html:
    note = f"From {report.feed.source}, read by {report.feed.plugin}."
    return _section("Messages", messages_table(report), note=note)


def _slots(report: SessionReport) -> Html | None:
    if not report.slots:
        return None
    return _section("What ran", tag("div", slots_table(report), class_="slots"))


def _footer(report: SessionReport) -> Html:
    lines = [tag("p", line) for line in small_print(report)]
    return tag("footer", join(*lines), tag("p", f"Mainspring {report.mainspring}"))
