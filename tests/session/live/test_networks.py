"""Sessions whose network is bad: slow, stalled and cut by a relay, and through links between network namespaces.

TCP hides loss and reordering, so that these show as delays; what is cut shows as such. In the end both sides have the
same orders with the same fills.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from mainspring.model import Fill, Rejected, SubmitRequested
from mainspring.orders import read_order_log

_RELAY = Path(__file__).with_name("relay.py")
_SEED = 23
_TRADE = [
    "strategy.buyer.duration_s=8",
    "strategy.buyer.slices=8",
    "orders.answer_timeout_ms=5000",
    "orders.poll_executions_s=2",
    "orders.compare_balances=true",
]


@contextmanager
def _relay(source, target, *options, prefix=()):
    """Runs a relay; gives its port."""
    command = [*prefix, sys.executable, str(_RELAY), source, target, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.stdin.close()


def _through(box, port):
    """The box as it is seen through a relay."""
    own = box["rest"].rpartition(":")[2]
    return json.loads(json.dumps(box).replace(f"localhost:{own}", f"localhost:{port}"))


def _compare(session, done, listed):
    """Checks that both sides have the same orders with the same fills; returns the report."""
    assert done.returncode == 0, done.stderr[-3_000:]
    orders, positions = listed
    records = list(read_order_log(session.folder / "orders.log"))
    filled = sum(one.size_lots for one in records if isinstance(one, Fill)) * Decimal("0.00001")
    sent = sum(isinstance(one, SubmitRequested) for one in records)
    refused = sum(isinstance(one, Rejected) and one.request == "new" for one in records)
    assert filled == sum(orders.values()) == Decimal(positions["BTCUSD"]) > 0
    # What was on its way when the link broke may not have arrived.
    assert len(orders) <= sent - refused
    report = json.loads(done.stdout)
    # That the venue didn't answer is named; nothing else is amiss.
    assert set(report["discrepancies"]) <= {"no-answer"}
    return report


def _lost(report):
    (feed,) = report["timing"]["live"]["feeds"]
    return {cause for one in feed["connections"] for cause in one["lost"]}


@pytest.mark.gate
@pytest.mark.weekly
def test_a_slow_link_costs_no_order(session, exchange, listed):
    """Each chunk is up to 80 ms late, both ways, so that orders, updates and market data overtake each other."""
    with exchange("--seed", str(_SEED)) as box:
        target = box["rest"].removeprefix("https://").replace("localhost", "127.0.0.1")
        with _relay("127.0.0.1:0", target, "--delay-ms", "80", "--seed", str(_SEED)) as port:
            done = session.run(
                _through(box, port), "--live", "--for", "20s", "--order-log", "orders.log", overrides=_TRADE
            )
        assert _lost(_compare(session, done, listed(box))) == set()


@pytest.mark.gate
@pytest.mark.weekly
def test_a_link_that_is_cut_and_stalls_costs_no_order(session, exchange, listed):
    """All connections are reset, later nothing comes for a while: the session connects again and asks for the rest."""
    with exchange("--seed", str(_SEED)) as box:
        target = box["rest"].removeprefix("https://").replace("localhost", "127.0.0.1")
        bad = ["--do", "150:cut", "--do", "400:stall=4", "--do", "700:cut"]
        with _relay("127.0.0.1:0", target, *bad) as port:
            seen = _through(box, port)
            done = session.run(seen, "--live", "--for", "30s", "--order-log", "orders.log", overrides=_TRADE)
        assert any("the connection broke" in cause for cause in _lost(_compare(session, done, listed(box))))
    assert "executions are down: the connection broke" in done.stderr


@contextmanager
def _namespaces():
    """Two network namespaces with a link between them; gives the commands that run something in each."""
    names = [f"mainspring-{os.getpid()}-{side}" for side in ("venue", "session")]
    links = [f"ms{os.getpid()}{side}" for side in "ab"]
    with ExitStack() as stack:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=True)
        pair = ["ip", "link", "add", links[0], "netns", names[0], "type", "veth", "peer", "name", links[1]]
        subprocess.run([*pair, "netns", names[1]], check=True)
        for number, (name, link) in enumerate(zip(names, links, strict=True), 1):
            inside = ["ip", "-n", name]
            subprocess.run([*inside, "addr", "add", f"10.213.0.{number}/24", "dev", link], check=True)
            for one in ("lo", link):
                subprocess.run([*inside, "link", "set", one, "up"], check=True)
        yield [["ip", "netns", "exec", name] for name in names], links


def _why_no_namespaces():
    """Why no network namespaces can be made here; empty if they can."""
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "iproute2 isn't installed"
    made = subprocess.run(["ip", "netns", "add", f"mainspring-{os.getpid()}"], capture_output=True, check=False)
    if made.returncode:
        return f"network namespaces can't be made: {made.stderr.decode().strip()}"
    subprocess.run(["ip", "netns", "del", f"mainspring-{os.getpid()}"], check=True)
    return ""


@pytest.mark.gate
def test_a_link_between_namespaces_that_goes_down_costs_no_order(session, exchange, listed):
    """The link carries 2 Mbit a second and is down for some seconds: what was on its way comes late, or not at all."""
    if why := _why_no_namespaces():
        pytest.skip(why)
    with _namespaces() as ((venue, trader), (venue_link, link)), ExitStack() as stack:
        limit = ["tc", "qdisc", "add", "dev", venue_link, "root", "tbf", "rate", "2mbit", "burst", "16kb"]
        subprocess.run([*venue, *limit, "latency", "400ms"], check=True)
        box = stack.enter_context(exchange("--seed", str(_SEED), prefix=venue))
        own = box["rest"].rpartition(":")[2]
        far = stack.enter_context(_relay("10.213.0.1:0", f"127.0.0.1:{own}", prefix=venue))
        # The relay on the session's side takes the link down and up again, by what has come through it.
        down, up = (shlex.join(["ip", "link", "set", link, state]) for state in ("down", "up"))
        deed = f"200:run=sh -c {shlex.quote(f'{down}; sleep 6; {up}')}"
        near = stack.enter_context(_relay("127.0.0.1:0", f"10.213.0.1:{far}", "--do", deed, prefix=trader))
        seen = _through(box, near)
        # Shorter than the link is down, so that the feed notices.
        silence = ["feed.connect.silence_s=3"]
        done = session.run(
            seen, "--live", "--for", "30s", "--order-log", "orders.log", overrides=[*_TRADE, *silence], prefix=trader
        )
        report = _compare(session, done, listed(box, prefix=venue))
    assert _lost(report) != set()
