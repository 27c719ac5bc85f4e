"""The supervisor's rules, in every order in which things can happen to two lanes, and by example."""

import copy
from collections import deque

import msgspec
import pytest

from mainspring.report import OrderLogReport
from mainspring.session.lanes.messages import Finished, Progressed, Ready, Refused
from mainspring.session.lanes.supervisor import Kill, Send, StartClock, Supervisor
from mainspring.session.results import LaneResult

READY = Ready(process=7, actions=[])


def result(messages=9, stopped=None):
    return Finished(
        result=LaneResult(
            parts=[],
            refusals={},
            log=OrderLogReport(lane="1", records=0, bytes=0, sha256=""),
            stages={},
            messages=messages,
            wall_seconds=1.0,
            peak_rss_bytes=1,
            stopped_early=stopped,
            pace=[],
        ),
        undone=[],
    )


class World:
    """A supervisor with two lanes whose processes do what processes can: the model that is explored.

    `phase` of a lane is what its process has come to; `words` is what it was sent and hasn't acted on.
    """

    def __init__(self):
        self.supervisor = Supervisor(["1", "2"])
        self.phase = ["making", "making"]
        self.words: list[list[str]] = [[], []]
        self.sent: list[list[str]] = [[], []]
        self.killed = [False, False]
        self.signals = 0
        self.clock = "off"
        self.ran = [False, False]
        for lane in (0, 1):
            self.do(self.supervisor.started(lane, 100 + lane))

    def do(self, commands):
        for command in commands:
            if isinstance(command, Send):
                assert self.phase[command.lane] not in ("broken", "ended"), "a word for one that ends"
                self.sent[command.lane].append(command.word)
                self.words[command.lane].append(command.word)
            elif isinstance(command, Kill):
                assert self.phase[command.lane] != "ended", "a kill for a process that has ended"
                assert not self.killed[command.lane], "killed twice"
                self.killed[command.lane] = True
            else:
                assert isinstance(command, StartClock)
                assert self.clock == "off", "the clock is started twice"
                self.clock = "running"

    def steps(self):
        """Everything that can happen next, by name."""
        found: list[tuple[int | None, str]] = []
        for lane in (0, 1):
            phase, words = self.phase[lane], self.words[lane]
            if phase == "ended":
                continue
            found.append((lane, "killed"))
            if self.killed[lane]:
                continue
            if phase == "making":
                found += [(lane, "ready"), (lane, "refused")]
            if phase == "waiting" and words:
                found.append((lane, "begin" if words[0] == "go" else "stopped"))
            if phase == "running":
                found += [(lane, "progress"), (lane, "finished"), (lane, "refused")]
                if words and words[0] == "stop":
                    found.append((lane, "stopped"))
            if phase == "said" and "bye" in words:
                found.append((lane, "left"))
            if phase == "broken":
                found.append((lane, "left"))
        if self.signals < 2:
            found.append((None, "signal"))
        if self.clock == "running":
            found.append((None, "overdue"))
        return found

    def take(self, lane, what):
        supervisor = self.supervisor
        if what == "signal":
            self.signals += 1
            self.do(supervisor.stop("signal SIGINT"))
        elif what == "overdue":
            self.clock = "over"
            self.do(supervisor.overdue())
        elif what == "killed":
            self.phase[lane] = "ended"
            self.do(supervisor.ended(lane, -9))
        elif what == "left":
            code = 0 if self.phase[lane] == "said" else 1
            self.phase[lane] = "ended"
            self.do(supervisor.ended(lane, code))
        elif what == "ready":
            self.phase[lane] = "waiting"
            self.do(supervisor.said(lane, READY))
        elif what == "refused":
            self.phase[lane] = "broken"
            self.do(supervisor.said(lane, Refused(problem="it can't")))
        elif what == "begin":
            assert "making" not in self.phase, "one runs before all are ready"
            self.words[lane].pop(0)
            self.phase[lane], self.ran[lane] = "running", True
        elif what == "progress":
            self.do(supervisor.said(lane, Progressed(messages=3, fraction=None)))
        else:
            stopped = "signal SIGINT" if what == "stopped" else None
            self.phase[lane] = "said"
            self.do(supervisor.said(lane, result(stopped=stopped)))

    def key(self):
        lanes = self.supervisor._lanes
        inner = tuple((one.state, one.failure, one.killed_because, one.result is not None) for one in lanes)
        return (
            *(tuple(one) for one in (self.phase, self.killed, self.ran)),
            *(tuple(map(tuple, one)) for one in (self.words, self.sent)),
            self.signals,
            self.clock,
            inner,
            self.supervisor.refusal,
            self.supervisor._gone,
        )

    def check(self):
        supervisor = self.supervisor
        assert supervisor.done == (self.phase == ["ended", "ended"])
        for lane in (0, 1):
            sent = self.sent[lane]
            assert sent == sorted(sent, key=["go", "stop", "bye"].index), "words out of order"
            assert len(set(sent)) == len(sent), "a word said twice"
        if supervisor.done:
            for outcome in supervisor.outcomes():
                # A lane without a result has a failure that names its process, whatever happened.
                assert (outcome.result is not None) or f"process {outcome.process}" in (outcome.failure or "")
                assert outcome.result is None or outcome.failure is None or "after its report" in outcome.failure
            if supervisor.refusal is not None:
                assert not any(self.ran), "refused, and yet something ran"


def explored():
    """Every state that can be reached, by breadth first."""
    first = World()
    seen = {first.key()}
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        world.check()
        yield world
        for lane, what in world.steps():
            after = copy.deepcopy(world)
            after.take(lane, what)
            key = after.key()
            if key not in seen:
                seen.add(key)
                waiting.append(after)


@pytest.fixture(scope="module")
def worlds():
    return list(explored())


def test_whatever_happens_it_comes_to_an_end_and_every_lane_is_accounted_for(worlds):
    """In each reachable state the checks of `World` hold, and some step is left until every process has ended."""
    assert len(worlds) > 1_000
    for world in worlds:
        assert world.steps() or world.supervisor.done
    assert any(world.supervisor.done for world in worlds)


def test_a_lane_that_waits_always_gets_a_word(worlds):
    """No state is stuck: where nothing is under way and nobody intervenes, a waiting lane has a word to action on."""
    for world in worlds:
        if "making" not in world.phase:
            for lane in (0, 1):
                if world.phase[lane] == "waiting":
                    assert world.words[lane] or world.killed[lane]


def test_after_a_stop_no_lane_is_told_to_go(worlds):
    """Once stopping has begun, a lane that hadn't been told to go isn't told so any more."""
    for world in worlds:
        for lane in (0, 1):
            assert (
                "go" not in world.sent[lane][world.sent[lane].index("stop") :] if "stop" in world.sent[lane] else True
            )


def test_the_others_go_on(worlds):
    """A lane that dies while it runs leaves the other as it was: told nothing, and free to finish."""
    alone = [world for world in worlds if not world.signals and world.phase == ["ended", "running"] and world.ran[0]]
    assert alone
    for world in alone:
        assert world.sent[1] == ["go"]
        after = copy.deepcopy(world)
        after.take(1, "finished")
        after.take(1, "left")
        outcomes = after.supervisor.outcomes()
        assert outcomes[1].result is not None
        assert outcomes[1].failure is None


def both_ready():
    supervisor = Supervisor(["1", "2"])
    for lane in (0, 1):
        supervisor.started(lane, 100 + lane)
    assert supervisor.said(0, READY) == []
    assert supervisor.said(1, READY) == [Send(0, "go"), Send(1, "go")]
    return supervisor


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            -9,
            "process 100 was killed by SIGKILL before its report. If nobody killed it, the kernel did",
        ),
        (-11, "process 100 was killed by SIGSEGV before its report. Compiled code crashed: run its instruments alone"),
        (-63, "process 100 was killed by signal 63 before its report"),
        (3, "process 100 ended with exit code 3 before its report"),
    ],
)
def test_an_end_is_told_with_process_signal_and_remedy(code, words):
    """What the parent learns of an end becomes a sentence."""
    supervisor = both_ready()
    assert supervisor.ended(0, code) == []
    assert supervisor.outcomes()[0].failure.startswith(words)


def test_progress_before_the_end_is_kept():
    """What a lane had told of stays known when it dies."""
    supervisor = both_ready()
    supervisor.said(0, Progressed(messages=512, fraction=0.5))
    supervisor.ended(0, -9)
    assert (supervisor.outcomes()[0].messages, supervisor.messages) == (512, 512)


def test_senseless_words_end_a_lane():
    """A second readiness, and what can't be decoded, get the process killed, once, and the reason told."""
    supervisor = both_ready()
    assert supervisor.said(0, READY) == [Kill(0)]
    assert supervisor.garbled(0, "more") == []
    supervisor.ended(0, -9)
    assert "it sent an invalid message: it sent Ready while it was running" in supervisor.outcomes()[0].failure
    assert supervisor.garbled(1, "byte 7") == [Kill(1)]


def test_the_second_signal_kills():
    """The first asks, and starts the clock; the second doesn't wait."""
    supervisor = both_ready()
    assert supervisor.stop("signal SIGINT") == [
        Send(0, "stop", "signal SIGINT"),
        Send(1, "stop", "signal SIGINT"),
        StartClock(),
    ]
    assert supervisor.said(0, result(stopped="signal SIGINT")) == [Send(0, "bye")]
    supervisor.ended(0, 0)
    assert supervisor.stop("signal SIGINT") == [Kill(1)]
    assert supervisor.overdue() == []
    supervisor.ended(1, -9)
    first, second = supervisor.outcomes()
    assert first.failure is None
    assert second.failure == "process 101 was killed at the second signal SIGINT, before it stopped"


def test_an_end_after_the_report_leaves_the_report():
    """A process that crashes on its way out has done its work; the crash is told."""
    supervisor = both_ready()
    supervisor.said(0, result())
    supervisor.ended(0, -11)
    outcome = supervisor.outcomes()[0]
    assert outcome.result == result().result
    assert outcome.failure == "after its report process 100 was killed by SIGSEGV"
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(outcome), type=type(outcome)) == outcome
