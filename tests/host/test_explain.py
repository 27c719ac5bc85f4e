import io
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from mainspring.host.explain import explain_json, explain_text
from mainspring.host.plan import Choice, Plan, SourcePlan, StrategyPlan
from mainspring.host.session_planning import alone
from mainspring.lane import StatisticsOptions
from mainspring.model import Instrument
from mainspring.telemetry import Budget


def choice(slot: str, plugin: str, rule: str = "default", because: str = "the default") -> Choice:
    return Choice(
        slot=slot, seam=slot.split()[0], plugin=plugin, distribution="acme", version="2.3", rule=rule, because=because
    )


@pytest.fixture
def plan() -> Plan:
    """A plan with a strategy, two limits and an inverse contract, one limit missing."""
    return Plan(
        origin="[odd] name.toml",
        mode="paper",
        seed=7,
        instruments=(
            Instrument(
                symbol="BTC/USD",
                venue_symbol="BTCUSD_PERP",
                tick_size=Decimal("0.00001"),
                lot_size=Decimal("1E+1"),
                contract="inverse",
                contract_size=Decimal(100),
                origin="feed",
            ),
        ),
        source=SourcePlan(name="one, two", captures=(Path("one.gz"), Path("two.gz")), skip_bad=False),
        feed=choice("feed", "venue-a", "pinned", "pinned by s.toml:3"),
        decoder=choice("decoder", "closures"),
        book=choice("book", "plain"),
        codec=choice("codec (json)", "text"),
        slippage=choice("slippage", "flat"),
        router=choice("router", "paper"),
        records=choice("records", "bytes"),
        strategies=(StrategyPlan(name="one", choice=choice("strategy one", "maker")),),
        risk=(choice("risk collar", "collar"), choice("risk max_size", "max_size")),
        missing_limits=("max_position",),
        market=StatisticsOptions(),
        budget=Budget(),
    )


def text_of(plan: Plan) -> str:
    out = io.StringIO()
    explain_text(alone(plan), Console(file=out, width=160, color_system=None))
    return out.getvalue()


SLOTS = [
    *("feed", "decoder", "codec (json)", "book", "strategy one", "slippage"),
    *("risk collar", "risk max_size", "router", "records", "chunk", "gc"),
]


def test_the_json_holds_every_choice_with_its_reason(plan: Plan) -> None:
    """Each slot in the order in which data moves, with plugin, distribution, version, rule and reason."""
    plain = json.loads(json.dumps(explain_json(alone(plan))))
    assert [one["slot"] for one in plain["slots"]] == SLOTS
    assert plain["slots"][0] == {
        "slot": "feed",
        "plugin": "venue-a",
        "distribution": "acme",
        "version": "2.3",
        "rule": "pinned",
        "because": "pinned by s.toml:3",
        "where": "any cpu",
    }
    assert (plain["config"], plain["mode"], plain["seed"]) == ("[odd] name.toml", "paper", 7)
    assert plain["source"] == {"name": "one, two", "captures": ["one.gz", "two.gz"]}
    assert plain["missing_limits"] == ["max_position"]


def test_sizes_are_plain_decimals(plan: Plan) -> None:
    """Tick and lot are written without an exponent, and a contract with what one of it is worth."""
    (instrument,) = explain_json(alone(plan))["instruments"]
    assert instrument == {
        "symbol": "BTC/USD",
        "venue_symbol": "BTCUSD_PERP",
        "tick_size": "0.00001",
        "lot_size": "10",
        "contract": "inverse x 100",
        "grid_from": "feed",
    }


def test_the_text_shows_what_the_json_holds(plan: Plan) -> None:
    """Every slot is a line with who fills it and why; names with brackets are no markup."""
    lines = text_of(plan).splitlines()
    assert lines[0] == "[odd] name.toml: mode paper, seed 7, source one.gz, two.gz"
    rows = [" ".join(line.split()) for line in lines]
    for one in explain_json(alone(plan))["slots"]:
        origin = f"{one['distribution']} {one['version']}"
        assert f"{one['slot']} {one['plugin']} {origin} {one['rule']} {one['because']} any cpu" in rows
    assert "BTC/USD BTCUSD_PERP 0.00001 10 inverse x 100 feed" in rows


def test_a_missing_limit_is_told(plan: Plan) -> None:
    """A session that can't send an order says so, and which limits it lacks; one that won't trade doesn't."""
    assert "No order will go out: [risk] sets no limit for max_position." in text_of(plan)
    assert "No order" not in text_of(msgspec.structs.replace(plan, missing_limits=()))
    replay = msgspec.structs.replace(plan, router=None, slippage=None, strategies=(), risk=())
    assert "No order" not in text_of(replay)


def test_what_keeps_orders_in_python_is_told(plan: Plan) -> None:
    """A foreign check costs each order some time; a foreign part of the venue costs each message some."""
    assert "in Python" not in text_of(plan)
    checked = msgspec.structs.replace(plan, outside_runs=(plan.risk[0],))
    assert "Orders are priced and checked in Python" in text_of(checked)
    assert "risk collar collar of acme" in text_of(checked)
    assert explain_json(alone(checked))["outside_runs"] == ["risk collar"]
    journal = msgspec.structs.replace(plan.risk[0], slot="journal", seam="journal", plugin="sqlite")
    waits = text_of(msgspec.structs.replace(plan, outside_runs=(journal,)))
    assert 'each waits for the journal (journal.durability = "sync")' in waits
    assert plan.router is not None
    shown = text_of(msgspec.structs.replace(plan, outside_runs=(plan.risk[0], plan.router)))
    assert "The paper venue runs in Python" in shown
    assert "router paper of acme" in shown


def test_it_says_who_keeps_the_terms_of_orders(plan: Plan) -> None:
    """Native, emulated or refused, for each router; a day needs an end."""
    found = explain_json(alone(plan))["orders"]
    assert found == [
        {
            "router": "paper",
            "day_ends": "",
            "stop_trigger": "last",
            "native": [],
            "emulated": ["gtd", "reduce-only"],
            "refused": ["ioc", "fok", "day", "post-only"],
        }
    ]
    known = msgspec.structs.replace(plan, terms=("ioc", "gtd"), day_ends="16:00 America/New_York")
    assert (
        "Orders through paper: native ioc, gtd; emulated day, reduce-only, stops by the last "
        "price, brackets, pairs; refused fok, post-only; a day ends at "
        "16:00 America/New_York"
    ) in text_of(known)
