"""The built-in queue models: what each says of a place in the queue, and that the seam's contract is kept."""

from decimal import Decimal
from math import log
from random import Random

import msgspec
import pytest

from mainspring.errors import ConformanceError
from mainspring.model import Instrument
from mainspring.testing import BackOfQueue, check_queue
from mainspring_plugins.queues import power_probability, power_probability_2, power_probability_3
from mainspring_plugins.queues.log_probability import LogProbabilityQueue
from mainspring_plugins.queues.log_probability_2 import LogProbability2Queue
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.proportional import ProportionalQueue

BTC = Instrument(symbol="B/U", venue_symbol="BU", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))


def power(module, kind):
    return lambda n: lambda instrument: kind(instrument, options=module.PowerOptions(n=n))


power_1 = power(power_probability, power_probability.PowerProbabilityQueue)
power_2 = power(power_probability_2, power_probability_2.PowerProbability2Queue)
power_3 = power(power_probability_3, power_probability_3.PowerProbability3Queue)

MODELS = {
    "proportional": ProportionalQueue,
    "pessimistic": PessimisticQueue,
    "power 1": power_1(3.0),
    "power 1, root": power_1(0.5),
    "power 2": power_2(2.0),
    "power 3": power_3(2.5),
    "power 3, steep": power_3(100.0),
    "log": LogProbabilityQueue,
    "log 2": LogProbability2Queue,
    "kit": lambda instrument: BackOfQueue(),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(5))
def test_it_keeps_the_contract_of_the_seam(name, seed):
    """The conformance kit finds nothing."""
    check_queue(MODELS[name], instrument=BTC, seed=seed)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("proportional", 4_000),  # 20 of 30 are left: two thirds of 6
        ("pessimistic", 6_000),
        ("power 1", 3_714),  # p = 24^3 / (24^3 + 6^3) = 64/65; see below
        ("log", None),
    ],
)
def test_known_places(name, left):
    """Worked by hand: 6,000 lots ahead, 24,000 behind, 10,000 cancelled."""
    model = MODELS[name](BTC)
    if name == "log":
        p = log(25) / (log(25) + log(7))
        left = -int(-(6_000 - (1 - p) * 10_000) // 1)
    if name == "power 1":
        left = -int(-(6_000 - 10_000 / 65) // 1)
    assert model.lots_ahead(6_000, 24_000, 10_000) == left


def hftbacktest(prob, front, back, change):
    """`ProbQueueModel.depth` of hftbacktest, in floats, for a fall that no trade explains."""
    p = prob(front, back)
    estimate = front - (1.0 - p) * change + min(back - p * change, 0.0)
    return min(max(estimate, 0.0), front + back - change)


REFERENCES = {
    "power 1": lambda front, back: back**3 / (back**3 + front**3),
    "power 1, root": lambda front, back: back**0.5 / (back**0.5 + front**0.5),
    "power 2": lambda front, back: back**2 / (back + front) ** 2,
    "power 3": lambda front, back: 1 - (front / (front + back)) ** 2.5,
    "log": lambda front, back: log(1 + back) / (log(1 + back) + log(1 + front)),
    "log 2": lambda front, back: log(1 + back) / log(1 + back + front),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_the_probability_models_are_those_of_hftbacktest(name):
    """Within the lot that whole lots round up by, wherever all who left can have been ahead or behind."""
    random = Random(11)
    model = MODELS[name](BTC)
    for _ in range(2_000):
        ahead, behind = random.randint(1, 20_000), random.randint(1, 20_000)
        cancelled = random.randint(1, ahead + behind)
        expected = hftbacktest(REFERENCES[name], ahead / 1000, behind / 1000, cancelled / 1000) * 1000
        expected = max(expected, ahead - cancelled)
        got = model.lots_ahead(ahead, behind, cancelled)
        assert expected - 1e-6 <= got < expected + 1 + 1e-6, (name, ahead, behind, cancelled)


@pytest.mark.parametrize("n", [0, -1, float("nan"), 101])
def test_a_power_that_makes_no_sense_is_refused(n):
    """It must be above 0."""
    for module in (power_probability, power_probability_2, power_probability_3):
        with pytest.raises(msgspec.ValidationError, match="n must be above 0"):
            msgspec.convert({"n": n}, module.PowerOptions)


class Wrong:
    """A model with one fault."""

    def __init__(self, fault):
        self.fault = fault
        self.asked = 0

    def lots_ahead(self, ahead, behind, cancelled):
        self.asked += 1
        return self.fault(self, ahead, behind, cancelled)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("the answer is a whole number", lambda self, a, b, c: float(min(a, a + b - c))),
        ("the answer is possible", lambda self, a, b, c: a),
        ("the answer is possible", lambda self, a, b, c: max(a - c, 0) - 1),
        (
            "the answer depends on the arguments alone",
            lambda self, a, b, c: max(min(a, a + b - c) - self.asked % 2, a - c, 0),
        ),
        ("a model never raises", lambda self, a, b, c: a // 0),
    ],
)
def test_the_kit_finds_what_is_wrong(rule, fault):
    """Each rule can be broken, and is named."""
    with pytest.raises(ConformanceError) as caught:
        check_queue(lambda instrument: Wrong(fault))
    assert caught.value.rule == rule
