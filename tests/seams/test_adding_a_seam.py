"""Shows that a seam is one row of the table: the host, the kit and the commands know a new one by its row alone."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.host.wiring import wire
from mainspring.seams import Scaffold, Seam, table

Slot = Literal["lane", "instrument"]

SEAM = '''"""The clock seam: what time is it?"""
from typing import Protocol
from mainspring.seams import Catalogue, hookspec

class Clock(Protocol):
    def now_ns(self) -> int: ...

@hookspec
def register_clocks(catalogue: Catalogue) -> None:
    """Offers clocks."""
'''
KIT = '''"""The check of the clock seam."""
from mainspring.errors import ConformanceError

def check_clock(factory, *, seed=0):
    first, second = factory(()).now_ns(), factory(()).now_ns()
    if second < first:
        raise ConformanceError("time never runs backwards", f"{second} after {first}", seed=seed)
'''
TEMPLATE = '''"""The clock `$plugin`."""
from mainspring.seams import hookimpl

class $class_name:
    def __init__(self, instruments): ...
    def now_ns(self): return 0

@hookimpl
def register_clocks(catalogue):
    catalogue.add("$plugin", $class_name, summary="a clock")
'''
PLUGIN = """
import msgspec
from mainspring.seams import hookimpl

class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    drift_ppm: int = 0

class Clock:
    def __init__(self, subject, *, options):
        self.subject, self.options = subject, options
    def now_ns(self):
        return self.options.drift_ppm

class Backwards(Clock):
    left = 2
    def now_ns(self):
        Backwards.left -= 1
        return Backwards.left

@hookimpl
def register_clocks(catalogue):
    catalogue.add("steady", Clock, summary="a steady clock", options=Options{rank})
    catalogue.add("backwards", Backwards, summary="a broken one", options=Options)
"""
SESSION = """
instruments = ["BTC/USDT", "ETH/USDT"]
feed.plugin = "simulated"
strategy.maker = { plugin = "quote-maker", size = 0.01, edge_ticks = 2 }
risk = { max_order_size = 1, max_order_notional = 1000000, max_position = 1, collar_bps = 50, max_book_age_ms = 2000 }
plugins.allow = ["acme-clocks"]
"""


@pytest.fixture(params=get_args(Slot))
def clock(
    request: pytest.FixtureRequest, tmp_path: Path, install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Seam:
    """The seam "clock", added by its row: a hook module, a kit, a scaffold, and a distribution with two clocks."""
    site = install("acme-clocks", {"acme_clocks": PLUGIN.format(rank="")})
    parts = {"clock_seam": SEAM, "clock_kit": KIT, "clock_scaffold": ""}
    install("clock-parts", parts, entry_points={})
    templates = site / "clock_scaffold" / "templates"
    templates.mkdir(parents=True)
    (site / "clock_scaffold.py").rename(site / "clock_scaffold" / "__init__.py")
    (templates / "clock.py.tmpl").write_text(TEMPLATE, encoding="utf-8")
    (templates / "test_clock.py.tmpl").write_text('"""Tests of `$plugin`."""\n', encoding="utf-8")
    importlib.invalidate_caches()
    row = Seam(
        name="clock",
        hook=importlib.import_module("clock_seam").register_clocks,
        slot=request.param,
        kit="clock_kit",
        scaffold=Scaffold(noun="Clock", slots='clock.plugin = "$plugin"', package="clock_scaffold"),
    )
    monkeypatch.setitem(table._ROWS, "clock", row)
    return row


def plan_of(text: str) -> tuple[Plan, Registry]:
    loaded = parse_config(SESSION + text, "s.toml", Path())
    registry = Registry.load(loaded.config.plugins.loaded)
    return make_plan(loaded, registry), registry


def test_it_is_loaded_configured_planned_and_wired(clock: Seam) -> None:
    """The registry has its offers, the config pins one with options, and the lane has what its factory made."""
    plan, registry = plan_of('clock = { plugin = "steady", drift_ppm = 7 }')
    assert list(registry.offers("clock")) == ["steady", "backwards"]
    (choice,) = plan.slots
    assert (choice.slot, choice.plugin, choice.rule) == ("clock", "steady", "pinned")
    assert choice.because.startswith("pinned by s.toml:")
    made = wire(plan, registry).lane.parts["clock"]
    if clock.slot == "lane":
        assert (made.now_ns(), made.subject) == (7, plan.instruments)
    else:
        assert [(one.now_ns(), one.subject) for one in made] == [(7, one) for one in plan.instruments]


def test_its_slot_stays_empty_unless_something_provides_it(clock: Seam) -> None:
    """No clock is named and none may be chosen unasked: the session runs without one."""
    plan, registry = plan_of("")
    assert plan.slots == ()
    assert wire(plan, registry).lane.parts == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('clock.plugin = "stedy"', "clock.plugin: no clock plugin is named 'stedy'; did you mean"),
        ('clock = { plugin = "steady", drift = 7 }', 'clock.drift: no such key; did you mean "drift_ppm"'),
        ('clock = "steady"', 'Write clock.plugin = "steady"'),
        ('clok.plugin = "steady"', 'clok: no such key; did you mean "clock"'),
    ],
)
@pytest.mark.usefixtures("clock")
def test_its_keys_are_checked_as_those_of_any_slot(text: str, error: str) -> None:
    """A misspelt plugin, option or table is an error that names the key and what was meant."""
    with pytest.raises(ConfigError) as caught:
        plan_of(text)
    assert error in str(caught.value)


@pytest.mark.usefixtures("clock")
def test_the_best_by_rank_is_chosen_unasked(tmp_path: Path) -> None:
    """An offer with a rank needs no line in the config, as for every slot."""
    (tmp_path / "site" / "acme_clocks.py").write_text(PLUGIN.format(rank=", rank=5"), encoding="utf-8")
    plan, _ = plan_of("")
    assert [(one.plugin, one.rule, one.because) for one in plan.slots] == [("steady", "default", "the best installed")]


@pytest.mark.usefixtures("clock")
def test_what_needs_all_instruments_is_not_divided(tmp_path: Path) -> None:
    """A clock that says `across_instruments` is refused in a session of two lanes."""
    across = PLUGIN.format(rank=", capabilities={'across_instruments': True}")
    (tmp_path / "site" / "acme_clocks.py").write_text(across, encoding="utf-8")
    loaded = parse_config(SESSION + 'lanes = 2\nclock.plugin = "steady"', "s.toml", Path())
    with pytest.raises(ConfigError, match="the clock 'steady' needs all instruments"):
        make_session(loaded, Registry.load(loaded.config.plugins.loaded), follow=False)


@pytest.mark.usefixtures("clock")
def test_the_commands_know_it(tmp_path: Path, mainspring: Callable[..., Any]) -> None:
    """`explain` shows its slot, `plugins list` its plugins, `check` runs its kit, `new` writes its scaffold."""
    config = tmp_path / "s.toml"
    config.write_text(SESSION + 'clock.plugin = "steady"\n', encoding="utf-8")
    code, printed, _ = mainspring("explain", config, "--json")
    assert code == 0
    (slot,) = [one for one in json.loads(printed)["slots"] if one["slot"] == "clock"]
    assert (slot["plugin"], slot["distribution"], slot["rule"]) == ("steady", "acme-clocks", "pinned")

    _, printed, _ = mainspring("plugins", "list", "--allow", "acme-clocks", "--json")
    listed = {one["name"]: one for one in json.loads(printed)["plugins"] if one["seam"] == "clock"}
    assert list(listed) == ["steady", "backwards"]

    code, printed, _ = mainspring("plugins", "check", "acme-clocks", "--json")
    assert code == 1
    steady, backwards = json.loads(printed)
    assert (steady["seam"], steady["ok"], steady["detail"]) == ("clock", True, "")
    assert backwards["ok"] is False
    assert backwards["detail"].startswith("time never runs backwards")

    code, printed, _ = mainspring("plugins", "new", "my-time", "--seam", "clock", "--folder", tmp_path)
    assert code == 0
    assert "class MyTimeClock:" in (tmp_path / "my-time/src/my_time/clock.py").read_text(encoding="utf-8")
    session = parse_config((tmp_path / "my-time/session.toml").read_text(encoding="utf-8"), "session.toml", tmp_path)
    assert getattr(session.config, "clock").plugin == "my-time"  # noqa: B009  a field that only the row adds
