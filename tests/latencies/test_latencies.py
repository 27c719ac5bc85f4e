"""The built-in latency models: what each says of a message, and that the seam's contract is kept."""

from decimal import Decimal

import msgspec
import pytest

from mainspring.errors import ConformanceError, DataError
from mainspring.model import Instrument
from mainspring.seams import LatencyContext
from mainspring.testing import FixedLatency, check_latency
from mainspring_plugins.latencies.constant import ConstantLatency, ConstantOptions
from mainspring_plugins.latencies.distribution import DistributionLatency, DistributionOptions
from mainspring_plugins.latencies.recorded import RecordedLatency, RecordedOptions

BTC = Instrument(symbol="B/U", venue_symbol="BU", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
CONTEXT = LatencyContext(BTC, 7)


def constant(**options):
    return lambda context: ConstantLatency(context, options=msgspec.convert(options, ConstantOptions))


def distribution(**options):
    return lambda context: DistributionLatency(context, options=msgspec.convert(options, DistributionOptions))


@pytest.fixture
def recorded(tmp_path):
    """Makes factories of the recorded model: called with the rows of its files."""

    def make(rows, feed=None):
        orders = tmp_path / "orders.csv"
        orders.write_text("request_ns,venue_ns,response_ns\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        options = {"file": str(orders)}
        if feed is not None:
            quotes = tmp_path / "feed.csv"
            quotes.write_text("event_ns,receive_ns\n" + "".join(f"{row}\n" for row in feed), encoding="utf-8")
            options["feed_file"] = str(quotes)
        return lambda context: RecordedLatency(context, options=msgspec.convert(options, RecordedOptions))

    return make


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "factory",
    [
        constant(),
        distribution(),
        distribution(jitter="exponential", request_jitter_us=20_000, response_jitter_us=5, feed_jitter_us=1),
        distribution(jitter="uniform", request_jitter_us=0),
        lambda context: FixedLatency(1, 2, 3),
    ],
    ids=["constant", "lognormal", "exponential", "uniform", "kit"],
)
def test_it_keeps_the_contract_of_the_seam(factory, seed):
    """The conformance kit finds nothing."""
    check_latency(factory, instrument=BTC, seed=seed)


def test_the_recorded_model_keeps_the_contract_of_the_seam(recorded):
    """With and without a file of its own for market data."""
    start = 1_700_000_000_000_000_000
    rows = [f"{start + i * 10**9},{start + i * 10**9 + 100},{start + i * 10**9 + 300 + i}" for i in range(20)]
    check_latency(recorded(rows))
    check_latency(recorded(rows, [f"{start},{start + 5}"]))


def test_a_constant_takes_as_long_each_way():
    """Microseconds become nanoseconds; what isn't set back is at once."""
    model = constant(request_us="0.5", response_us=3, feed_us=7)(CONTEXT)
    assert (model.request_ns(5), model.response_ns(5), model.feed_ns(5)) == (500, 3_000, 7_000)
    model = constant()(CONTEXT)
    assert (model.request_ns(5), model.response_ns(5), model.feed_ns(5)) == (250_000, 0, 0)


def test_seed_and_symbol_decide_what_a_distribution_draws():
    """The same for both; another seed, symbol or way draws otherwise."""

    def draws(context, way="request_ns"):
        model = distribution(response_us=250, response_jitter_us=100)(context)
        return [getattr(model, way)(0) for _ in range(20)]

    assert draws(CONTEXT) == draws(CONTEXT)
    other = msgspec.structs.replace(BTC, symbol="C/U")
    different = [draws(CONTEXT), draws(LatencyContext(BTC, 8)), draws(LatencyContext(other, 7))]
    different.append(draws(CONTEXT, "response_ns"))
    assert len({tuple(one) for one in different}) == 4


def test_recorded_latencies_are_interpolated(recorded):
    """On the line between two messages; before the first and from the last on, as those. Requests go by when they were
    sent, answers by when the venue gave them."""
    model = recorded(["1000,1100,1400", "2000,2300,2400", "2000,2310,2500"], ["100,105", "200,255"])(CONTEXT)
    assert [model.request_ns(at) for at in (0, 1000, 1005, 1500, 1999, 2000, 9000)] == [
        100,
        100,
        101,
        200,
        299,
        310,
        310,
    ]
    assert [model.response_ns(at) for at in (0, 1100, 1700, 2300, 2305, 9999)] == [300, 300, 200, 100, 145, 190]
    assert [model.feed_ns(at) for at in (0, 150, 500)] == [5, 30, 55]
    assert recorded(["1000,1100,1400"])(CONTEXT).feed_ns(5) == 0


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "orders.csv: there is no message in it"),
        (["1000,900,1400"], "message 1 arrived at 900, before it was sent at 1000"),
        (["1000,1100,1050"], "message 1 arrived at 1050, before it was sent at 1100"),
        (["1000,1100,1400", "900,1100,1400"], "message 2 was sent at 900, before the one ahead of it"),
        (["1000,1200,1400", "1001,1100,1400"], "message 2 was sent at 1100, before the one ahead of it"),
        (["1000,x,1400"], "orders.csv, line 2, venue_ns: expected nanoseconds since 1970, a whole number; found 'x'"),
        (["1000,-1,1400"], "line 2, venue_ns"),
        (["1000"], "line 2, venue_ns: expected nanoseconds since 1970, a whole number; found None"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(rows, problem, recorded):
    """The error names the file, and what is wrong where."""
    with pytest.raises(DataError) as caught:
        recorded(rows)(CONTEXT)
    assert problem in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    """It isn't there, isn't text, or has other columns."""
    name = tmp_path / "odd.csv"
    for content, problem in (
        (None, "can't be read"),
        (b"\xff\xfe", "can't be read"),
        (b"a,b\n", "must name the columns"),
    ):
        if content is not None:
            name.write_bytes(content)
        with pytest.raises(DataError, match=problem):
            RecordedLatency(CONTEXT, options=RecordedOptions(file=str(name)))


@pytest.mark.parametrize(
    ("kind", "options", "problem"),
    [
        (ConstantOptions, {"request_us": -1}, "request_us must be a number of 0 to 60,000,000"),
        (ConstantOptions, {"response_us": "nan"}, "response_us must be a number"),
        (ConstantOptions, {"feed_us": 60_000_001}, "feed_us must be a number"),
        (DistributionOptions, {"request_jitter_us": -1}, "request_jitter_us must be a number"),
        (DistributionOptions, {"sigma": 11}, "sigma must be a number of 0 to 10"),
        (DistributionOptions, {"jitter": "none"}, "jitter"),
        (RecordedOptions, {}, "file"),
    ],
)
def test_options_that_make_no_sense_are_refused(kind, options, problem):
    """The error names the key."""
    with pytest.raises(msgspec.ValidationError, match=problem):
        msgspec.convert(options, kind)


class Wrong(FixedLatency):
    """A model with one fault."""

    def __init__(self, fault):
        super().__init__()
        self.fault = fault
        self.asked = 0

    def request_ns(self, sent_ns):
        self.asked += 1
        return self.fault(self, sent_ns)

    def response_ns(self, answered_ns):
        self.asked += 1
        return 0


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("a latency is a whole number of nanoseconds, 0 or more", lambda self, at: -1),
        ("a latency is a whole number of nanoseconds, 0 or more", lambda self, at: 1.5),
        ("each way is independent, and the same for the same seed", lambda self, at: self.asked),
        ("a model never raises", lambda self, at: at // 0),
    ],
)
def test_the_kit_finds_what_is_wrong(rule, fault):
    """Each rule can be broken, and is named."""
    with pytest.raises(ConformanceError) as caught:
        check_latency(lambda context: Wrong(fault))
    assert caught.value.rule == rule
