"""`orders list | show | resolve` on a journal whose session was cut short."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import read_session
from mainspring.session.lane_run import LaneRun
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

SHORT = ("feed.seconds=12", "market.warm_up_s=1", 'strategy.trend={plugin="momentum", size=0.01}')


class Crash(KeyboardInterrupt):
    """The process ends here."""


@pytest.fixture
def config(tmp_path):
    """A configuration with a journal."""
    path = tmp_path / "session.toml"
    path.write_text(
        'mode = "paper"\ninstruments = ["BTC/USDT"]\nfeed = { plugin = "simulated", seconds = 12 }\n'
        'latency = { plugin = "constant", request_us = 250 }\nmarket.warm_up_s = 1\n'
        '[strategy.maker]\nplugin = "quote-maker"\nsize = 0.01\nedge_ticks = 2\n'
        "[risk]\nmax_order_size = 0.5\nmax_order_notional = 50_000\nmax_position = 1.0\ncollar_bps = 50\n"
        'max_book_age_ms = 2_000\n[journal]\npath = "journal.db"\n'
    )
    return path


@pytest.fixture
def journal(config, monkeypatch):
    """The journal of a session that was killed while orders were open."""
    append = SqliteJournal.append

    def killed(self, session, number, block):
        append(self, session, number, block)
        if number == 40:
            raise Crash

    monkeypatch.setattr(SqliteJournal, "append", killed)
    registry = Registry.load()
    (lane,) = make_session(load_config(config, ()), registry).lanes
    with LaneRun(lane, registry, {}) as run, suppress(Crash):
        while run.step():
            pass
        raise AssertionError("it wasn't killed")
    monkeypatch.undo()
    return config.with_name("journal.db")


def listed(mainspring, journal, *options):
    code, out, err = mainspring("orders", "list", journal, "--json", *options)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_open_orders_are_listed(mainspring, journal):
    """Number, client order id, instrument, sizes and state of each, and the position."""
    found = listed(mainspring, journal)
    assert found["orders"]
    one = found["orders"][0]
    assert one["instrument"] == "BTC/USDT"
    assert one["state"] in {"in-flight", "accepted", "partially-filled", "cancel-pending"}
    assert found["positions"].keys() == {"BTC/USDT"}
    everything = listed(mainspring, journal, "--all")["orders"]
    assert len(everything) > len(found["orders"])
    code, out, _ = mainspring("orders", "list", journal)
    assert code == 0
    assert f"{one['order']}  BTC/USDT" in out
    assert "position in BTC/USDT: " in out


def test_an_order_is_shown(mainspring, journal):
    """Every record of it, by its number or its client order id."""
    one = listed(mainspring, journal)["orders"][0]
    for name in (one["order"], one["client order id"]):
        code, out, err = mainspring("orders", "show", journal, name)
        assert (code, err) == (0, "")
        assert out.count(f"#{one['order']} ") == out.count("\n") >= 2
        assert "submit" in out
    code, _, err = mainspring("orders", "show", journal, 10**9)
    assert code == 2
    assert "the journal has no order '1000000000'" in err


@pytest.mark.parametrize("outcome", ["filled", "cancelled", "expired", "open"])
def test_an_order_is_resolved(mainspring, journal, outcome):
    """It is recorded with who and why, in a session that goes on from the one before, and counts from then on."""
    one = listed(mainspring, journal)["orders"][0]
    before = listed(mainspring, journal)["positions"]["BTC/USDT"]
    code, out, err = mainspring(
        "orders", "resolve", journal, one["order"], "--as", outcome, "--why", "seen at the venue"
    )
    assert (code, err) == (0, "")
    assert f"order {one['order']} is {outcome}, as session 2" in out
    kept = SqliteJournal(options=SqliteOptions(path=str(journal)))
    assert read_session(kept, 2).opening.continues == 1
    after = listed(mainspring, journal, "--all")
    (resolved,) = [order for order in after["orders"] if order["order"] == one["order"]]
    assert resolved["state"] == ("accepted" if outcome == "open" else outcome)
    assert (after["positions"]["BTC/USDT"] != before) is (outcome == "filled")
    assert not after["stops"]
    code, out, _ = mainspring("journal", "show", journal)
    assert "resolve-order" in out
    assert "seen at the venue" in out


def test_what_cannot_be_is_refused(mainspring, journal):
    """A reason is needed, an accepted order wasn't rejected, and an ended one has nothing to resolve."""
    order = listed(mainspring, journal)["orders"][0]["order"]
    assert mainspring("orders", "resolve", journal, order, "--as", "open", "--why", "x")[0] == 0
    code, _, err = mainspring("orders", "resolve", journal, order, "--as", "cancelled")
    assert code == 2
    assert "--why" in err
    code, _, err = mainspring("orders", "resolve", journal, order, "--as", "rejected", "--why", "x")
    assert code == 2
    assert "was accepted, so it can't have been rejected" in err
    assert mainspring("orders", "resolve", journal, order, "--as", "cancelled", "--why", "x")[0] == 0
    code, _, err = mainspring("orders", "resolve", journal, order, "--as", "cancelled", "--why", "x")
    assert code == 2
    assert "has ended" in err


def test_what_was_done_elsewhere_is_booked(mainspring, journal):
    """It moves the position, twice if it is booked twice; who and why are kept; nonsense is refused."""
    before = Decimal(listed(mainspring, journal)["positions"]["BTC/USDT"])
    given = ("orders", "book", journal, "BTC/USDT", "sell", "0.09", "61887.10")
    assert mainspring(*given)[0] == 2
    code, out, err = mainspring(*given, "--why", "closed by hand")
    assert (code, err) == (0, "")
    assert f"position in BTC/USDT: {before - Decimal('0.09')}, as session 2" in out
    assert mainspring(*given, "--why", "and again")[0] == 0
    after = listed(mainspring, journal)
    assert Decimal(after["positions"]["BTC/USDT"]) == before - Decimal("0.18")
    assert not after["stops"]
    code, out, _ = mainspring("journal", "show", journal)
    assert "book-fill" in out
    assert "and again" in out
    for wrong in (("hold", "1", "1"), ("buy", "0", "1"), ("buy", "1", "0.001"), ("buy", "-1", "1")):
        assert mainspring("orders", "book", journal, "BTC/USDT", *wrong, "--why", "x")[0] == 2
    assert mainspring("orders", "book", journal, "ETH/USDT", "buy", "1", "1", "--why", "x")[0] == 2


def test_a_session_recovers_what_was_resolved(mainspring, config, journal):
    """After `run --recover` the report says what was taken over, and the session ends in order."""
    one = listed(mainspring, journal)["orders"][0]
    assert mainspring("orders", "resolve", journal, one["order"], "--as", "cancelled", "--why", "seen")[0] == 0
    code, out, _ = mainspring("run", config, "--recover", "--quiet")
    assert code == 0
    assert "recovered: session 1, 2 with" in out
    kept = SqliteJournal(options=SqliteOptions(path=str(journal)))
    assert read_session(kept, 3).opening.continues == 2
    code, out, err = mainspring("journal", "replay", journal)
    assert (code, err) == (0, "")
    assert "Session 3 again" in out


def test_recovery_needs_a_journal(mainspring):
    """Without one the error says what to write."""
    code, _, err = mainspring("run", "--recover", "--quiet")
    assert code == 2
    assert "there is no journal to recover from" in err
