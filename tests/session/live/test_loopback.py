"""`examples/loopback.toml` trades on an exchange in a box, over TLS, and the official client sees the same orders."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from mainspring.model import Fill, Rejected, SubmitRequested
from mainspring.orders import read_order_log

_EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
_BINANCE = _EXAMPLES / "loopback-binance.toml"
_KEY, _SECRET = "key-of-a-test", "secret-of-a-test-that-nobody-may-see"


class _BinanceSession:
    """Runs the example for Binance against a box, as one of its markets."""

    def __init__(self, folder: Path, market: str) -> None:
        self.folder, self.market = folder, market

    def run(self, box, *options, overrides=(), secret=_SECRET):
        """Runs `mainspring run` with options; returns the finished process."""
        text = _BINANCE.read_text().replace("binance-spot", f"binance-{self.market}")
        (self.folder / "config.toml").write_text(text)
        (self.folder / "loopback-binance.pem").write_bytes(Path(box["trust"]).read_bytes())
        connect = f'address="{box["market"]}", rest="{box["rest"]}", trust="loopback-binance.pem"'
        sets = [f'router.rest="{box["rest"]}"', f'router.stream="{box["updates"]}"', f"feed.connect={{{connect}}}"]
        command = [sys.executable, "-m", "mainspring", "run", "config.toml", "--json", "--quiet", "--live", *options]
        for one in [*sets, *overrides]:
            command += ["--set", one]
        name = f"MAINSPRING_BINANCE_{self.market.upper()}"
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder), f"{name}_KEY": _KEY, f"{name}_SECRET": secret}
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )


def test_the_example_and_the_official_client_see_the_same_orders(session, exchange, tmp_path, listed):
    """Each order by its id, with what was filled of it; the position and the cash. A second session takes it over.

    No secret is in anything that was written.
    """
    fast = ["strategy.buyer.duration_s=3", "strategy.buyer.slices=6"]
    fast += ["orders.compare_balances=true", "orders.poll_executions_s=1"]
    with exchange("--seed", "21") as box:
        first = session.run(box, "--live", "--for", "12s", "--order-log", "first.log", overrides=fast)
        assert first.returncode == 0, first.stderr[-3_000:]
        orders, positions = listed(box)
        records = list(read_order_log(tmp_path / "first.log"))
        sent = [one for one in records if isinstance(one, SubmitRequested)]
        fills = [one for one in records if isinstance(one, Fill)]
        assert len(orders) == len(sent) >= 1
        assert sum(orders.values()) == sum(one.size_lots for one in fills) * Decimal("0.00001") > 0
        assert Decimal(positions["BTCUSD"]) == sum(orders.values())
        report = json.loads(first.stdout)
        assert report["discrepancies"] == {}
        second = session.run(box, "--live", "--for", "8s", overrides=[*fast, 'strategy.buyer.side="sell"'])
        assert second.returncode == 0, second.stderr[-3_000:]
        assert [one["sessions"] for one in json.loads(second.stdout)["recovered"]] == [[1]]
        assert json.loads(second.stdout)["discrepancies"] == {}
        written = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    said = [first.stdout, first.stderr, second.stdout, second.stderr]
    assert not any(_SECRET.encode() in one for one in [*written, *(text.encode() for text in said)])


def test_faults_of_the_exchange_cost_no_order(session, exchange, tmp_path, listed):
    """An update is lost, the stream closes, requests are refused or done without an answer, and its clock is behind.

    Each order is there once, with the same fills on both sides.
    """
    faults = "updates.drop@2 updates.garbage@3 updates.close@5 orders.500@1 orders.429@3 orders.late@4"
    options = [one for fault in faults.split() for one in ("--fault", fault)]
    patient = ["orders.answer_timeout_ms=2000", "orders.poll_executions_s=2"]
    with exchange("--seed", "22", "--clock-off", "-3", *options) as box:
        overrides = ["strategy.buyer.duration_s=15", "strategy.buyer.slices=8", *patient]
        done = session.run(box, "--live", "--for", "28s", "--order-log", "faults.log", overrides=overrides)
        assert done.returncode == 0, done.stderr[-3_000:]
        orders, positions = listed(box)
    records = list(read_order_log(tmp_path / "faults.log"))
    filled = sum(one.size_lots for one in records if isinstance(one, Fill)) * Decimal("0.00001")
    sent = [one for one in records if isinstance(one, SubmitRequested)]
    refused = [one for one in records if isinstance(one, Rejected) and one.request == "new"]
    assert filled == sum(orders.values()) == Decimal(positions["BTCUSD"]) > 0
    assert len(orders) == len(sent) - len(refused)
    assert "executions are down: the venue closed the connection" in done.stderr


@pytest.mark.parametrize(
    ("options", "overrides", "message"),
    [
        ([], [], "add --live"),
        (["--live"], ['mode="paper"', 'router={plugin="paper"}'], '--live is for configs with mode = "live"'),
        (["--live"], ['router={plugin="paper"}'], "sends no real order"),
        ([], ['mode="paper"'], "sends real orders"),
        (["--live"], ['journal.durability="async"'], "accept the loss"),
    ],
)
def test_real_orders_are_asked_for_twice(session, options, overrides, message, tmp_path):
    """In the config and on the command line; nothing is connected to before that."""
    authority = tmp_path / "authority.pem"
    authority.write_text("")
    box = {"rest": "https://localhost:1", "updates": "wss://localhost:1/", "crypto": "wss://localhost:1/"}
    done = session.run({**box, "trust": str(authority)}, *options, overrides=overrides)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize("market", ["spot", pytest.param("usdm", marks=[pytest.mark.gate, pytest.mark.weekly])])
def test_the_example_trades_at_binances_api(exchange, tmp_path, market):
    """Over TLS, with signed requests, an account's events that are lost and broken off, and a clock 30 s ahead.

    Each order is there once, and what it filled is what both sides have; no secret is in anything that was written.
    """
    faults = "updates.drop@2 updates.garbage@3 updates.close@4 orders.500@1 orders.429@3 orders.418@5 orders.late@4"
    options = [one for fault in faults.split() for one in ("--fault", fault)]
    overrides = ["strategy.buyer.duration_s=18", "strategy.buyer.slices=10", "orders.poll_executions_s=2"]
    overrides += ["orders.answer_timeout_ms=2500", "router.recv_window_ms=2000"]
    session = _BinanceSession(tmp_path, market)
    with exchange(
        "--api", f"binance-{market}", "--seed", "23", "--secret", _SECRET, "--clock-off", "30", *options
    ) as box:
        done = session.run(box, "--for", "30s", "--order-log", "orders.log", overrides=overrides)
        again = session.run(box, "--for", "8s", overrides=[*overrides, 'strategy.buyer.side="sell"'])
    assert done.returncode == 0, done.stderr[-3_000:]
    assert again.returncode == 0, again.stderr[-3_000:]
    records = list(read_order_log(tmp_path / "orders.log"))
    sent = [one for one in records if isinstance(one, SubmitRequested)]
    fills = [one for one in records if isinstance(one, Fill)]
    assert sent
    assert fills
    # The next session asks for open orders, executions and positions, and finds no difference.
    report = json.loads(again.stdout)
    assert report["discrepancies"] == {}
    assert [one["sessions"] for one in report["recovered"]] == [[1]]
    assert "executions are down: the venue closed the connection" in done.stderr
    written = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    said = [text.encode() for text in (done.stdout, done.stderr, again.stdout, again.stderr)]
    assert not any(_SECRET.encode() in one for one in [*written, *said])


def test_a_wrong_secret_is_said_and_nothing_trades(exchange, tmp_path):
    """In the venue's words, at the login of the stream."""
    session = _BinanceSession(tmp_path, "spot")
    with exchange("--api", "binance-spot", "--secret", _SECRET) as box:
        done = session.run(box, "--for", "4s", secret="another-secret")
    assert "the venue refused the login" in done.stderr
    assert "connected for executions" not in done.stderr
    assert "Signature for this request is not valid" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--api", "nasdaq"], "there are alpaca, binance-spot, binance-usdm"),
        (["--secret", "x"], "Alpaca's requests aren't signed"),
        (["--api", "binance-spot", "--instrument", "BTCUSDT"], "write BASE/QUOTE"),
        (["--api", "binance-spot", "--instrument", "BTC/USDT", "--instrument", "ETH/BTC"], "one currency"),
        (["--api", "binance-spot", "--fault", "orders.drop@1"], "orders can 429, 418, 500"),
    ],
)
def test_a_box_that_cannot_be_is_refused(arguments, message):
    """With what to write instead."""
    command = [sys.executable, "-m", "mainspring", "venue", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
