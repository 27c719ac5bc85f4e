"""A session whose parts change while it runs: flags, swaps and differences, by its control folder, and their replay."""

from types import SimpleNamespace

import msgspec
import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import Input, JournalLog, read_session
from mainspring.lane import SetFlag, SwapPart
from mainspring.model import decode_records
from mainspring.session.control import ControlFolder, SwapOrder
from mainspring.session.differences import read_difference, repeat_difference
from mainspring.session.flag_file import FlagFile, FlagRecord, RampRecord
from mainspring.session.inputs import RecordedInputs, decode_event
from mainspring.session.journal_replay import replay_session
from mainspring.session.lane_run import LaneRun
from mainspring.session.source import open_messages
from mainspring_plugins.books.sorted_dict import SortedDictBook
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

TEXT = """
market.warm_up_s = 1
session = { chunk = 16, control = "control" }
feed = { plugin = "simulated", seconds = 10 }
instruments = ["BTC/USDT", "ETH/USDT"]
strategy.maker = { plugin = "quote-maker", size = 0.01 }
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
collar_bps = 100
max_book_age_ms = 5_000
[flags.book]
slot = "book"
control = "bisect-list"
candidate = "sorted-dict"
shadow = true
owner = "me"
reason = "to see"
guards = { inputs = 50 }
[flags.model]
slot = "slippage"
options = { impact_coefficient = 2.0 }
unit = "order"
owner = "me"
reason = "to see"
"""
# A level of 3 lots becomes one of 4, some of the time.
_WRONG_AT = 7


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def table(tmp_path, registry):
    """A journalled session whose watch looks before every chunk, and what may be done at its steps."""
    path = tmp_path / "journal.db"
    folder = ControlFolder(tmp_path / "control")

    def run(*settings, before=lambda lane: None, **acts):
        config = parse_config(TEXT, "the test", tmp_path, [f"journal.path={path}", *settings])
        session = make_session(config, registry)
        seen = []
        with LaneRun(session.lanes[0], registry, {}, in_chunks, control=folder) as lane_run:
            before(lane_run.lane)
            lane_run._control._every_s = 0
            steps = 0
            while lane_run.step():
                steps += 1
                seen.append([lane_run.lane.swaps.slots["book"].active(at).plugin for at in (0, 1)])
                if (act := acts.get(f"at_{steps}")) is not None:
                    act(lane_run)
            result = lane_run.finish()
            return SimpleNamespace(result=result, books=seen, lane=lane_run.lane)

    return SimpleNamespace(run=run, folder=folder, file=FlagFile(folder.path), path=path)


def in_chunks(plan, registry, open_blocks):
    """The messages, as many a step as the plan says."""
    return open_messages(plan, registry)


def record(name, share_bp=0, **more):
    return FlagRecord(name=name, share_bp=share_bp, **{"who": "me", "why": "a test", "at": "now", **more})


def events(path):
    journal = SqliteJournal(options=SqliteOptions(path=str(path)))
    found = [decode_event(one.event) for one in JournalLog(journal, 1).entries() if isinstance(one, Input)]
    journal.close()
    return found


def replayed(path, registry):
    journal = SqliteJournal(options=SqliteOptions(path=str(path)))
    return replay_session(read_session(journal, 1), JournalLog(journal, 1), lambda _: registry, decode_records)


def test_a_flag_is_set_and_rolled_back_while_the_session_runs(table, registry):
    """Each within one event, journalled with who and why; the replay does the same to the last byte."""
    ran = table.run(
        at_20=lambda _: table.file.set(record("book", 10_000)),
        at_30=lambda _: table.file.set(record("model", 5_000, why="half of them")),
        at_40=lambda _: table.file.set(record("book", 0, who="you", why="enough")),
    )
    assert ran.books[19] == ["bisect-list"] * 2
    assert ran.books[20:40] == [["sorted-dict"] * 2] * 20
    assert ran.books[40:] == [["bisect-list"] * 2] * len(ran.books[40:])
    said = [(one.flag.name, one.flag.share_bp, one.who, one.why) for one in events(table.path)]
    assert said == [
        ("book", 10_000, "me", "a test"),
        ("model", 5_000, "me", "half of them"),
        ("book", 0, "you", "enough"),
    ]
    assert not ran.lane.swaps.counts
    outcome = replayed(table.path, registry)
    assert outcome.difference is None
    assert outcome.records > 100


def test_what_a_flag_was_set_to_outlives_its_session(table, registry):
    """The next session begins with it, before its strategies start; the config counts again when somebody says so."""
    table.file.set(record("book", 10_000))
    ran = table.run(at_10=lambda _: table.file.set(record("book", configured=True)))
    assert ran.books[0] == ["sorted-dict"] * 2
    assert ran.books[-1] == ["bisect-list"] * 2
    assert [type(one) for one in events(table.path)][:1] == [SetFlag]
    assert replayed(table.path, registry).difference is None


def test_a_damaged_file_of_flags_changes_nothing(table):
    """Every flag is what the config says, and the status names the file."""
    table.folder.make()
    table.file.path.write_text("{", encoding="utf-8")
    said = []
    ran = table.run(at_5=lambda _: said.extend(table.folder.statuses()[0].flags))
    assert ran.books[-1] == ["bisect-list"] * 2
    assert "flags.json can't be read" in said[0].text


def test_a_ramp_walks_through_its_shares(table, registry):
    """By the session's time, as long as the guards let it; the status says where it is."""
    said = []
    table.file.set(record("book", ramp=RampRecord(steps_bp=(1, 5_000, 10_000), every_s=2.0)))
    ran = table.run(at_20=lambda _: said.append(table.folder.statuses()[0].flags[0].text))
    assert [(one.flag.share_bp, one.why) for one in events(table.path)] == [
        (1, "step 1 of 3: a test"),
        (5_000, "step 2 of 3: a test"),
        (10_000, "step 3 of 3: a test"),
    ]
    assert said[0].startswith("step 1 of 3, paused: both were given ")
    assert ran.books[-1] == ["sorted-dict"] * 2
    assert replayed(table.path, registry).difference is None


class Wrong(SortedDictBook):
    """Adds a lot to a level now and then, by its price and size alone."""

    def __init__(self, instrument):
        super().__init__(instrument)
        self.instrument = instrument

    def apply_delta(self, bids, asks):
        super().apply_delta([(price, lots + (lots % 100 == _WRONG_AT)) for price, lots in bids], asks)


def test_a_wrong_candidate_is_found_in_shadow_and_rolled_back(table, registry, monkeypatch):
    """The ramp ends before the candidate serves anybody; the stored input shows the defect again. No order moved."""
    usual = table.run().result.log.sha256
    table.path.unlink()
    offer = registry.get("book", "sorted-dict")
    wrong = msgspec.structs.replace(offer, factory=Wrong)
    get = registry.get
    monkeypatch.setattr(registry, "get", lambda seam, name: wrong if name == "sorted-dict" else get(seam, name))
    table.file.set(record("book", ramp=RampRecord(steps_bp=(1, 5_000, 10_000), every_s=2.0)))
    ran = table.run()
    assert ran.result.log.sha256 == usual
    assert {plugin for books in ran.books for plugin in books} == {"bisect-list"}
    last = table.file.records()["book"]
    assert (last.share_bp, last.ramp, last.who) == (0, None, "a guard")
    assert "results differ in" in last.why
    file = min((table.folder.path / "differences").iterdir())
    difference, instrument = read_difference(file)
    assert repeat_difference(difference, instrument, registry).differs
    monkeypatch.undo()
    assert not repeat_difference(difference, instrument, registry).differs


def test_a_part_is_exchanged_by_hand(table, registry):
    """A swap, a return, and what can't be done: each is answered, and what ran runs on."""
    names = {}

    def ask(step, **what):
        def act(_run):
            names[step] = table.folder.ask(SwapOrder(who="me", why="a test", **what))

        return act

    ran = table.run(
        at_10=ask(1, action="swap", slot="book", plugin="sorted-dict", target="ETH/USDT"),
        at_20=ask(2, action="back", slot="book", target="ETH/USDT"),
        at_30=ask(3, action="swap", slot="book", plugin="no-such"),
        at_40=ask(4, action="swap", slot="router", plugin="paper"),
        at_50=ask(5, action="swap", slot="slippage", plugin="fixed-bps", options={"market_bps": 9.0}),
        at_60=ask(6, action="shadow", slot="risk max_position", options={"limit": 1}),
    )
    assert ran.books[10] == ["bisect-list", "sorted-dict"]
    assert ran.books[20] == ["bisect-list", "bisect-list"]
    replies = {step: table.folder.take_replies(name, 0)[0] for step, name in names.items()}
    assert [replies[step].done for step in sorted(replies)] == [True, True, False, False, True, True]
    assert replies[1].text == "ETH/USDT: sorted-dict is active, bisect-list stands by"
    assert "not done, bisect-list runs on" in replies[3].text
    assert replies[4].text == "a router has orders at its venue"
    assert [type(one) for one in events(table.path)] == [SwapPart] * 6
    assert ran.lane.swaps.pauses_ns["book"] > 0
    assert replayed(table.path, registry).difference is None


NATIVE = """
market.warm_up_s = 1
session.chunk = 16
feed = { plugin = "simulated", seconds = 10 }
instruments = ["BTC/USDT"]
decoder.plugin = "native"
book.plugin = "ladder"
strategy.maker = { plugin = "quote-maker", size = 0.01 }
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
collar_bps = 100
max_book_age_ms = 5_000
[flags.model]
slot = "slippage"
options = { impact_coefficient = 2.0 }
owner = "me"
reason = "to see"
[flags.size]
slot = "risk max_order_size"
options = { limit = 0.001 }
owner = "me"
reason = "to see"
[flags.maker]
slot = "strategy maker"
options = { size = 0.02 }
owner = "me"
reason = "to see"
"""


def fed_at(registry, plan, folder, changes):
    """Runs a lane with these events at these steps, and once more from what it was fed; returns both order logs."""
    inputs = folder / "inputs"
    said = []
    with LaneRun(plan, registry, {}, in_chunks, record_inputs=inputs) as run:
        steps = 0
        while run.step():
            steps += 1
            for make in changes.get(steps, ()):
                run.feed(make(run.lane))
                said.append(run.lane.swaps.outcome)
        first = run.finish()
        problems = dict(run.lane.flags.problems)
    with LaneRun(plan, registry, {}, inputs=RecordedInputs(inputs)) as run:
        while run.step():
            pass
        again = run.finish()
    return SimpleNamespace(first=first, again=again, said=said, problems=problems)


def setting(name, share_bp):
    return lambda lane: SetFlag(
        lane.now_ns, msgspec.structs.replace(lane.flags.board.flags[name], share_bp=share_bp), "me", "a test"
    )


def test_a_native_lane_exchanges_what_isnt_fused(tmp_path, registry):
    """It leaves its runs at an exchange and goes on with others; a book is refused, with what to do."""
    plan = make_session(parse_config(NATIVE, "the test", tmp_path), registry).lanes[0]
    usual = fed_at(registry, plan, tmp_path, {})
    changes = {
        10: [setting("model", 10_000)],
        20: [setting("model", 0), setting("maker", 10_000)],
        30: [lambda lane: SwapPart(lane.now_ns, "swap", "book", "", "btree")],
        40: [setting("maker", 0), setting("size", 10_000)],
        55: [setting("size", 0)],
    }
    ran = fed_at(registry, plan, tmp_path, changes)
    assert not ran.problems
    assert ran.first.log.sha256 == ran.again.log.sha256
    assert ran.first.log.sha256 != usual.first.log.sha256
    assert ran.first.refusals["max_order_size"] > 0
    refused = [one.text for one in ran.said if not one.done]
    assert refused[0].startswith("the lane runs decoder, books and markets as one, natively: to exchange its book,")


def test_a_flag_that_changes_nothing_costs_no_order(tmp_path, registry):
    """With every flag at nothing, and after a rollback of a model that never served, the orders are the usual ones."""
    plan = make_session(parse_config(NATIVE, "the test", tmp_path), registry).lanes[0]
    usual = fed_at(registry, plan, tmp_path, {})
    shadowed = {5: [lambda lane: SwapPart(lane.now_ns, "shadow", "slippage", "", "fixed-bps")]}
    assert fed_at(registry, plan, tmp_path, shadowed).first.log.sha256 == usual.first.log.sha256


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('book.plugin="bisect-list"', "flags.book.slot: the book is pinned by"),
        ('flags.book.candidate="no-such"', "flags.book.candidate: "),
        ('flags.book.slot="router"', "can't be exchanged while a session runs; it is one of: book"),
        ('flags.book.unit="order"', "flags.book.unit: book goes by instrument"),
        ('flags.model.slot="book"', "flags.model.slot: is that of book, too"),
        ("flags.model.options.nothing=1", "has no such option as the config gives: nothing"),
        ("flags.model.share=0.001", "is no share"),
        ("flags.model.guards.loss=1", "refused_pct, rejected_pct, slippage_bps and loss need unit"),
        ('flags.new={owner="me",reason="r",shadow=true}', "are for flags with a slot"),
    ],
)
def test_a_flag_without_a_say_is_an_error(tmp_path, registry, setting, said):
    """It names the key, and what is wrong with it."""
    with pytest.raises(ConfigError) as raised:
        make_session(parse_config(TEXT, "the test", tmp_path, [setting]), registry)
    assert said in str(raised.value)


def test_the_plan_says_which_flag_decides(tmp_path, registry):
    """The choice of a flagged slot has the rule "flag", its control, and what the others get."""
    plan = make_session(parse_config(TEXT, "the test", tmp_path, ["flags.book.share=25"]), registry).first
    assert (plan.book.plugin, plan.book.rule) == ("bisect-list", "flag")
    assert plan.book.because.startswith("the flag book gives sorted-dict to 25% of instruments; else ")
