"""The built-in checks, each at its limit and a step beyond it."""

import importlib
from decimal import Decimal

import msgspec
import pytest

from mainspring import testing
from mainspring.model import Refusal
from mainspring_plugins.risk.max_position import MaxPositionOptions

NAMES = ["max_order_size", "max_order_notional", "collar_bps", "max_position", "max_book_age_ms"]
BUY, SELL = 1, -1


@pytest.mark.parametrize("name", NAMES)
def test_each_check_is_required_and_named_for_its_key(name, catalogue):
    """One offer a module, required, known to fused runs, with a one-line summary and options with a limit."""
    importlib.import_module(f"mainspring_plugins.risk.{name}").register_risk_checks(catalogue)
    assert list(catalogue) == [name]
    offer = catalogue[name]
    assert offer.capabilities == {"required": True, "in_runs": True}
    assert "\n" not in offer.summary
    assert "limit" in offer.options.__struct_fields__


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [-1, "nan", "inf", True, "x"])
def test_a_limit_must_be_a_number_of_zero_or_more(name, limit, make_check, spot):
    """Anything else is refused when the config is read."""
    with pytest.raises(msgspec.ValidationError):
        make_check(name, spot, limit)


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_names_the_check_and_the_figures(name, make_check, spot, make_market, make_account, make_order):
    """The reason is the check's name; a limit of 0 lets nothing pass."""
    market = make_market(now_ns=2**60, bid_ticks=9000)
    refusal = make_check(name, spot, 0).check(make_order(BUY, 5, 20_000), market, make_account())
    assert isinstance(refusal, Refusal)
    assert refusal.reason == name
    assert any(character.isdigit() for character in refusal.detail)


@pytest.mark.parametrize(("limit", "lots"), [("0.005", 5), ("0.0059", 5), ("0.0049999", 4), (1, 1000)])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_max_order_size(limit, lots, side, make_check, spot, make_market, make_account, make_order):
    """The largest whole number of lots within the limit passes, exactly."""
    check = make_check("max_order_size", spot, limit)
    assert check.check(make_order(side, lots, 100), make_market(), make_account()) is None
    refusal = check.check(make_order(side, lots + 1, 100), make_market(), make_account())
    assert refusal == Refusal("max_order_size", f"size {(lots + 1) * spot.lot_size} is above {Decimal(limit)}")


def test_max_order_notional_of_limit_orders(make_check, spot, make_market, make_account, make_order):
    """A buy counts at its limit; a sell at the bid if that is higher, since it would trade there."""
    check = make_check("max_order_notional", spot, 100)
    passes = lambda *order: check.check(make_order(*order), make_market(), make_account()) is None  # noqa: E731
    assert passes(BUY, 1000, 10_000)
    assert not passes(BUY, 1000, 10_001)
    assert not passes(BUY, 1001, 10_000)
    assert passes(SELL, 1000, 10_000)
    assert passes(SELL, 1000, 5_000)
    assert not passes(SELL, 1001, 5_000)
    assert not passes(SELL, 1000, 10_001)


def test_max_order_notional_of_market_orders(make_check, spot, make_market, make_account, make_order):
    """Valued at what the levels that it meets come to; without a far side, or with a book that isn't live, refused."""
    check = make_check("max_order_notional", spot, "100.0199")
    # 10 lots at 10001 ticks and 990 at 10002, a lot being a thousandth and a tick a hundredth.
    assert check.check(make_order(BUY, 1000), make_market(), make_account()) is None
    assert check.check(make_order(BUY, 1001), make_market(), make_account()).detail == (
        "notional 100.11992 is above 100.0199"
    )
    assert check.check(make_order(SELL, 1000), make_market(), make_account()) is None
    assert "no ask" in check.check(make_order(BUY, 1), make_market(ask_lots=0), make_account()).detail
    assert "no bid" in check.check(make_order(SELL, 1), make_market(bid_lots=0), make_account()).detail
    assert "live" in check.check(make_order(SELL, 1), make_market(live=False), make_account()).detail


def test_a_market_order_is_valued_along_the_book(make_check, spot, make_market, make_account, make_order):
    """A thin best price doesn't hide what stands behind it; what the book doesn't hold counts at its last level."""
    check = make_check("max_order_notional", spot, "20.0")
    thin = make_market(asks=((10001, 1), (50000, 99)), ask_lots=1)
    assert check.check(make_order(BUY, 1), thin, make_account()) is None
    assert check.check(make_order(BUY, 100), thin, make_account()).reason == "max_order_notional"
    assert check.check(make_order(BUY, 200), thin, make_account()).detail == "notional 99.60001 is above 20.0"


@pytest.mark.parametrize(
    ("side", "levels"), [(BUY, {"asks": ((10001, 10), (10060, 90))}), (SELL, {"bids": ((9999, 10), (9940, 90))})]
)
def test_the_collar_of_a_market_order_reaches_as_far_as_its_size(
    side, levels, make_check, spot, make_market, make_account, make_order
):
    """What the best price holds passes; the next level lies beyond the collar; what no level holds can't be told."""
    check = make_check("collar_bps", spot, 50)
    market = make_market(**levels)
    assert check.check(make_order(side, 10), market, make_account()) is None
    assert "60.00 bps beyond the mid" in check.check(make_order(side, 11), market, make_account()).detail
    assert "isn't deep enough" in check.check(make_order(side, 101), market, make_account()).detail


def test_max_order_notional_of_an_inverse_contract(make_check, inverse, make_market, make_account, make_order):
    """Contracts times their value, whatever the price."""
    check = make_check("max_order_notional", inverse, 5_099)
    for order in (make_order(BUY, 50, 1), make_order(SELL, 50, 10**9), make_order(BUY, 50)):
        assert check.check(order, make_market(), make_account()) is None
    refusal = check.check(make_order(BUY, 51, 1), make_market(), make_account())
    assert refusal.detail == "notional 5100 is above 5099"


@pytest.mark.parametrize(("side", "last", "first_refused"), [(BUY, 10_050, 10_051), (SELL, 9_950, 9_949)])
def test_the_collar_is_the_same_on_both_sides(
    side, last, first_refused, make_check, spot, make_market, make_account, make_order
):
    """50 bps around a mid of 10000 ticks: exactly there passes, a tick beyond doesn't."""
    check = make_check("collar_bps", spot, 50)
    assert check.check(make_order(side, 1, last), make_market(), make_account()) is None
    refusal = check.check(make_order(side, 1, first_refused), make_market(), make_account())
    assert refusal.detail == f"price of {first_refused} ticks is 51.00 bps beyond the mid, and 50 is the most"


def test_the_collar_measures_from_half_ticks(make_check, spot, make_market, make_account, make_order):
    """A mid of 10000.5 and 10 bps: 10010.5005 is the edge, and nothing is rounded."""
    check = make_check("collar_bps", spot, 10)
    market = make_market(bid_ticks=10_000)
    assert check.check(make_order(BUY, 1, 10_010), market, make_account()) is None
    assert check.check(make_order(BUY, 1, 10_011), market, make_account()) is not None


def test_the_collar_lets_far_orders_wait_unless_told(make_check, spot, make_market, make_account, make_order):
    """Away from the market an order may wait anywhere, unless `passive` says how far."""
    far = make_order(BUY, 1, 5_000)
    assert make_check("collar_bps", spot, 50).check(far, make_market(), make_account()) is None


@pytest.mark.parametrize(("side", "last", "first_refused"), [(BUY, 9_000, 8_999), (SELL, 11_000, 11_001)])
def test_the_passive_collar(side, last, first_refused, make_check, spot, make_market, make_account, make_order):
    """A limit of its own, for the other direction."""
    check = make_check("collar_bps", spot, 50, passive=1000)
    assert check.check(make_order(side, 1, last), make_market(), make_account()) is None
    assert "away" in check.check(make_order(side, 1, first_refused), make_market(), make_account()).detail


def test_the_collar_judges_a_market_order_by_the_far_side(make_check, spot, make_market, make_account, make_order):
    """A spread wider than the collar stops market orders."""
    check = make_check("collar_bps", spot, 50)
    for side in (BUY, SELL):
        assert check.check(make_order(side, 1), make_market(), make_account()) is None
        wide = make_market(bid_ticks=9_900, ask_ticks=10_100)
        assert check.check(make_order(side, 1), wide, make_account()) is not None


@pytest.mark.parametrize(
    "broken", [{"live": False}, {"bid_lots": 0}, {"ask_lots": 0}, {"bid_ticks": 10_001}, {"bid_ticks": 10_002}]
)
@pytest.mark.parametrize("name", ["collar_bps", "max_book_age_ms"])
def test_a_market_without_a_mid_is_refused(name, broken, make_check, spot, make_market, make_account, make_order):
    """Not live, one-sided, locked or crossed: however wide the limit."""
    check = make_check(name, spot, 10_000)
    for order in (make_order(BUY, 1, 10_000), make_order(SELL, 1)):
        assert check.check(order, make_market(**broken), make_account()).reason == name


@pytest.mark.parametrize(
    ("side", "position", "buys", "sells", "lots", "passes"),
    [
        (BUY, 0, 0, 0, 10, True),
        (BUY, 0, 0, 0, 11, False),
        (BUY, 4, 3, 50, 3, True),
        (BUY, 4, 3, 50, 4, False),
        (BUY, -10, 0, 0, 20, True),
        (BUY, -10, 0, 0, 21, False),
        (SELL, 0, 50, 0, 10, True),
        (SELL, -4, 0, 3, 3, True),
        (SELL, -4, 0, 3, 4, False),
        (SELL, 15, 0, 0, 25, True),
        (SELL, 15, 0, 0, 26, False),
        (BUY, 15, 0, 0, 1, False),
    ],
)
def test_max_position_counts_the_worst_case(
    side, position, buys, sells, lots, passes, make_check, spot, make_market, make_account, make_order
):
    """All open orders of the side filled and none of the other: reducing passes, turning beyond the limit doesn't."""
    check = make_check("max_position", spot, "0.01")
    refusal = check.check(make_order(side, lots, 100), make_market(), make_account(position, buys, sells))
    assert (refusal is None) == passes


VALUES = [
    # A position of so many lots, an order's side, size and price: worth 10 times 100 in the units of the limit.
    (0, BUY, 10, 100, True),
    (0, BUY, 10, 101, False),
    (0, BUY, 11, 100, False),
    (4, BUY, 6, 100, True),
    (4, BUY, 7, 100, False),
    (-4, SELL, 6, 90, True),
    (-4, SELL, 7, 90, False),
    (50, SELL, 50, 90, True),
    (0, SELL, 10, 101, False),
    (0, BUY, 1, -5, False),
    (-5, BUY, 5, -5, True),
]


@pytest.mark.parametrize(("position", "side", "lots", "price", "passes"), VALUES)
def test_max_position_by_its_value(
    position, side, lots, price, passes, make_check, spot, make_market, make_account, make_order
):
    """The worst case at the order's price, or the best bid for a sell below it; below zero nothing has a value."""
    limit = Decimal(10 * 100) * spot.tick_size * spot.lot_size
    check = make_check("max_position", spot, None, notional=limit)
    market = make_market(bid_ticks=100, ask_ticks=101)
    refusal = check.check(make_order(side, lots, price), market, make_account(position, 0, 0))
    assert (refusal is None) == passes
    if refusal is not None:
        assert refusal.reason == "max_position"


@pytest.mark.parametrize(("live", "lots", "passes"), [(True, 9, True), (True, 10, False), (False, 1, False)])
def test_max_position_by_its_value_for_market_orders(
    live, lots, passes, make_check, spot, make_market, make_account, make_order
):
    """The far side's best price, which must be there."""
    check = make_check("max_position", spot, None, notional=Decimal(10 * 100) * spot.tick_size * spot.lot_size)
    market = make_market(bid_ticks=100, ask_ticks=101)
    market.live = live
    order = msgspec.structs.replace(make_order(BUY, lots, 1), kind="market", price_ticks=0)
    assert (check.check(order, market, make_account(0, 0, 0)) is None) == passes


def test_max_position_by_its_value_in_inverse_contracts(make_check, inverse, make_market, make_account, make_order):
    """An inverse contract is worth the same at every price."""
    check = make_check("max_position", inverse, None, notional=10 * inverse.contract_size * inverse.lot_size)
    for price in (1, 10**6):
        assert check.check(make_order(BUY, 10, price), make_market(), make_account(0, 0, 0)) is None
        assert check.check(make_order(BUY, 11, price), make_market(), make_account(0, 0, 0)) is not None


@pytest.mark.parametrize("options", [{}, {"limit": 1, "notional": 1}, {"notional": -1}, {"limit": "nan"}])
def test_max_position_is_a_size_or_a_value(options):
    """Neither, both, or no limit at all is refused."""
    with pytest.raises(msgspec.ValidationError, match="limit"):
        msgspec.convert(options, MaxPositionOptions)


def test_a_value_for_a_size_loosens():
    """Nobody knows which of a size and a value is the tighter one, so it needs to be confirmed."""
    size, value = MaxPositionOptions(limit=Decimal(1)), MaxPositionOptions(notional=Decimal(1))
    assert size.loosens(value)
    assert value.loosens(size)
    assert not value.loosens(MaxPositionOptions(notional=Decimal(2)))
    assert size.loosens(MaxPositionOptions(limit=Decimal("0.5")))


@pytest.mark.parametrize(("age_ns", "passes"), [(0, True), (500_000, True), (500_001, False), (-1, False)])
def test_max_book_age(age_ns, passes, make_check, spot, make_market, make_account, make_order):
    """Up to the limit, to the nanosecond; prices from the future aren't believed."""
    market = make_market()
    market.bbo_time_ns = market.now_ns - age_ns
    refusal = make_check("max_book_age_ms", spot, "0.5").check(make_order(BUY, 1, 1), market, make_account())
    assert (refusal is None) == passes


@pytest.mark.parametrize("contract", ["spot", "inverse"])
@pytest.mark.parametrize("name", NAMES)
def test_each_check_keeps_the_contract_of_the_seam(name, contract, make_check, spot, inverse):
    """The conformance kit finds nothing."""
    instrument = spot if contract == "spot" else inverse
    testing.check_risk(lambda one: make_check(name, one, 100), name=name, instrument=instrument)
