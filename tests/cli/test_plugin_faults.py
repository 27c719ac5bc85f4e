"""What a stranger's plugin does wrong is told with its name, its frames and the moment; the host stays in charge."""

import json
import os
import subprocess
import sys

import pytest

from hwprofile.children import module_command

STRATEGY = """
import decimal, os, sys
from mainspring.seams import hookimpl

class Acme:
    def __init__(self):
        {factory}
        self.seen = 0

    def on_bbo(self, market):
        self.seen += 1
        {callback}

@hookimpl
def register_strategies(catalogue):
    {hook}
    catalogue.add("acme", Acme, summary="a strategy")
"""

CONFIG = """
instruments = ["BTC/USDT"]
feed.seconds = 1
seed = 3

[strategy.first]
plugin = "acme"

[strategy.maker]
plugin = "quote-maker"
size = 0.013
edge_ticks = 2

[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1.0
collar_bps = 50
max_book_age_ms = 2_000

[plugins]
allow = ["mainspring", "mainspring-native", "acme-trading"]
"""


@pytest.fixture
def session(install, tmp_path):
    """Writes a session whose first strategy is Acme's, with `factory`, `callback` and `hook` for its lines."""

    def write(config=CONFIG, top="", version="2.3", **lines):
        sys.modules.pop("acme_trading", None)
        source = STRATEGY.format(**{"factory": "pass", "callback": "pass", "hook": "pass"} | lines)
        install("acme-trading", {"acme_trading": top + source}, version=version, folder=version)
        path = tmp_path / "session.toml"
        path.write_text(config)
        return path

    return write


@pytest.mark.parametrize("raised", ["sys.exit(0)", "raise BaseException('panic')", "raise ValueError('no')"])
@pytest.mark.parametrize("where", ["hook", "factory", "callback", "import"])
def test_no_exception_of_a_plugin_ends_a_session_in_silence(session, mainspring, where, raised):
    """In a hook, a factory, a callback or on import: exit code 2, plugin and distribution named, its frames shown."""
    line = f"if self.seen > 9: {raised}" if where == "callback" else raised
    path = session(top=f"import sys\n{raised}\n") if where == "import" else session(**{where: line})
    code, out, err = mainspring("run", path, "--quiet")
    assert code == 2
    # What had run by then is reported all the same.
    assert bool(out) == (where == "callback")
    assert "acme-trading" in err
    assert "acme" in err
    assert 'acme_trading.py", line ' in err
    assert "Traceback" not in err
    assert "pluggy" not in err
    assert "/mainspring/lane/" not in err


def test_a_callbacks_exception_tells_the_moment(session, mainspring):
    """The number of the message, its line and when it was received: what one needs to look at it."""
    path = session(callback="if self.seen == 20: 1 / 0")
    code, _, err = mainspring("run", path, "--quiet")
    assert code == 2
    assert "raised ZeroDivisionError: division by zero" in err
    reported = err[err.index("It happened at message ") :].split()
    assert int(reported[4].strip(",").replace(",", "")) >= 20
    assert " received 20" in err
    assert err.rstrip().endswith("Z.") is False
    assert "in on_bbo" in err


def test_everything_with_traceback(session, mainspring, monkeypatch):
    """`--traceback` after the command shows the host's frames, too, and the chain of causes."""
    monkeypatch.setenv("MAINSPRING_TRACEBACK", "")
    code, _, err = mainspring("run", session(callback="1 / 0"), "--quiet", "--traceback")
    assert code == 2
    assert "Traceback (most recent call last)" in err
    assert "/mainspring/lane/" in err


def test_in_a_lanes_own_process_it_is_told_alike(session, tmp_path):
    """With several lanes the report names plugin and moment, and the frames stand on standard error."""
    config = CONFIG.replace('["BTC/USDT"]', '["BTC/USDT", "ETH/USDT"]\nlanes = 2')
    path = session(config, callback="if self.seen == 2: sys.exit(0)")
    command = module_command("mainspring", "run", str(path), "--quiet", "--json")
    environ = os.environ | {"PYTHONPATH": str(tmp_path / "2.3")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    failures = [lane["failure"] for lane in json.loads(done.stdout)["lanes"]]
    assert all("acme-trading raised SystemExit: 0" in one and "It happened at message" in one for one in failures)
    assert "in on_bbo" in done.stderr


def test_a_plugin_that_prints_leaves_the_json_alone(session, mainspring):
    """On import, in its hook, factory and callbacks: all of it goes to standard error."""
    word = "print('acme was here')"
    path = session(top=f"{word}\n", hook=word, factory=word, callback=word)
    code, out, err = mainspring("run", path, "--quiet", "--json")
    assert code == 0, err
    assert json.loads(out)["feed"]["messages"] > 0
    assert err.count("acme was here") > 3


def test_a_plugin_that_changes_the_decimal_context_harms_no_other(session, mainspring):
    """Nothing is blamed on the quote-maker, and its orders are those of a session with a decent neighbour."""
    traps = "decimal.getcontext().traps[decimal.Inexact] = True; decimal.getcontext().prec = 2"
    code, out, err = mainspring("run", session(), "--quiet", "--json")
    assert code == 0, err
    decent = json.loads(out)["order_log_sha256"]
    path = session(version="2.4", top=f"import decimal\n{traps}\n", hook=traps, factory=traps, callback=traps)
    code, out, err = mainspring("run", path, "--quiet", "--json")
    assert code == 0, err
    assert json.loads(out)["order_log_sha256"] == decent


FEED = """
from mainspring.seams import hookimpl
from mainspring.testing import INSTRUMENT

class Feed:
    def __init__(self, context): ...
    def on_message(self, raw, receive_time_ns):
        raise KeyError("price")
    def subscriptions(self, now_ns): return ()
    def take_resync_requests(self): return ()

Feed.find_instruments = staticmethod(lambda messages, codec: [INSTRUMENT])

@hookimpl
def register_feeds(catalogue):
    catalogue.add("acme-feed", Feed, summary="a feed")
"""


@pytest.mark.parametrize("command", ["run", "verify"])
def test_a_feed_that_raises_is_named(install, mainspring, tmp_path, command):
    """A feed's own KeyError isn't a bare traceback, whoever reads the capture."""
    install("acme-feeds", {"acme_feeds": FEED})
    capture = tmp_path / "one.capture"
    capture.write_text('1700000000000000000 {"a": 1}\n')
    options = ["--feed", "acme-feed", "--set", 'plugins.allow=["mainspring", "acme-feeds"]', "--set", "mode=replay"]
    where = [capture] if command == "verify" else ["--capture", capture]
    code, _, err = mainspring(command, *where, *options)
    assert code == 2
    assert "the feed 'acme-feed' of acme-feeds raised KeyError: 'price'" in err
    assert 'acme_feeds.py", line 8, in on_message' in err
