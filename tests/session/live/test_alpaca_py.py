"""The official client of Alpaca trades on an exchange in a box: both as processes of their own, over TLS."""

import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

_CLIENT = Path(__file__).with_name("alpaca_client.py")


def test_the_official_client_trades_on_the_box(exchange, trusting_environment):
    """Account, submit, list, replace, cancel, positions, updates of orders, and both streams in msgpack."""
    with exchange("--seed", "11") as box:
        client = subprocess.run(
            [sys.executable, str(_CLIENT), json.dumps(box)],
            env=trusting_environment(box),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert client.returncode == 0, client.stderr[-3_000:]
    saw = json.loads(client.stdout)
    assert 990_000 < float(saw["cash"]) < 1_000_000
    assert saw["replaces"]
    assert saw["listed"] == ["moved"]
    assert saw["by_id"] == "50001"
    assert saw["by_client"] == ["replaced", True]
    assert saw["bought"] == "pending_new"
    assert saw["filled"] == "filled"
    assert Decimal(saw["position"]) == Decimal("0.02") + Decimal("0.001") * saw["probes"]
    assert saw["cancelled"]
    assert saw["refusals"] == {
        "twice": [422, 40010001],
        "unknown": [404, 40410000],
        "too late": [422, 42210000],
        "too much": [403, 40310000],
        "no position": [404, 40410000],
    }
    assert saw["events"]["resting"] == ["pending_new", "new", "replaced"]
    assert saw["events"]["moved"] == ["pending_new", "new", "canceled"]
    bought = saw["events"]["bought"]
    assert (bought[:2], bought[-1], set(bought[2:-1]) - {"partial_fill"}) == (["pending_new", "new"], "fill", set())
    assert saw["events"]["other-1"] == ["pending_new", "new", "canceled"]
    assert saw["fills"] >= saw["probes"] + 2
    assert saw["book"] == [True, True, True]
    assert saw["quotes"] == [True, True, True]
    assert set(saw["years"]) <= {time.gmtime().tm_year, time.gmtime().tm_year - 1}
