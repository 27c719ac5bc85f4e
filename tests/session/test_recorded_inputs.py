"""What a lane was fed can be fed again: to the end, to any event, and after a crash."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import DataError
from mainspring.host.config import load_config
from mainspring.host.plan import LanePlan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.host.wiring import wire
from mainspring.lane import Event, Messages, Started, Stopped
from mainspring.orders import read_order_log
from mainspring.session import run_session
from mainspring.session.inputs import RecordedInputs, read_inputs
from mainspring.session.scripted_driver import ScriptedDriver

# Small chunks, so that a short session has many events.
SHORT = ("feed.seconds=8", "market.warm_up_s=1", "session.chunk=16", 'strategy.trend={plugin="momentum", size=0.01}')


class Recording:
    """A session, its order log and its recorded inputs."""

    def __init__(self, registry: Registry, folder: Path, *overrides: str) -> None:
        self.session = make_session(load_config(None, [*SHORT, *overrides]), registry)
        self.registry = registry
        self.inputs, self.log = folder / "session.inputs", folder / "orders.log"
        self.report = run_session(self.session, registry, record_inputs=self.inputs, order_log=self.log)
        self.events = list(read_inputs(self.inputs))

    @property
    def lane(self) -> LanePlan:
        return self.session.lanes[0]

    def scripted(self) -> ScriptedDriver:
        """A fresh lane, to be fed recorded events."""
        return ScriptedDriver(wire(self.lane, self.registry))

    def run(self, until: int | None = None, **options: Any) -> Any:
        """Runs the recorded inputs as the command line does."""
        return run_session(self.session, self.registry, inputs=RecordedInputs(self.inputs, until), **options)


@pytest.fixture(scope="module", params=["python", "native"])
def recording(
    request: pytest.FixtureRequest, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Recording:
    """A short session of two strategies, with either decoder."""
    if request.param not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    return Recording(registry, tmp_path_factory.mktemp("recorded"), f"decoder.plugin={request.param}")


def digest(driver: ScriptedDriver) -> str:
    assert driver.log is not None
    return driver.log.sha256


def test_the_same_inputs_give_the_same_orders(recording: Recording) -> None:
    """Fed again, a session has the same order log, and the same report but for where the messages came from."""
    report, again = recording.report, recording.run()
    assert report.order_log_records > 100
    assert (again.order_log_sha256, again.order_log_records) == (report.order_log_sha256, report.order_log_records)
    assert again.instruments == report.instruments
    assert (again.feed.messages, again.feed.by_kind) == (report.feed.messages, report.feed.by_kind)
    assert again.totals == report.totals


def test_a_recording_begins_and_ends_with_its_session(recording: Recording) -> None:
    """It has every message once, in order, between the session's start and its end."""
    assert type(recording.events[0]) is Started
    assert Stopped in {type(event) for event in recording.events[-20:]}
    messages = [message for event in recording.events if type(event) is Messages for message in event.messages]
    assert len(messages) == recording.report.feed.messages
    assert [when for when, _ in messages] == sorted(when for when, _ in messages)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_part_of_the_inputs_gives_that_part_of_the_orders(recording: Recording, tmp_path: Path, share: float) -> None:
    """The first events give the first records of the order log, to the byte."""
    until = int(len(recording.events) * share)
    path = tmp_path / "part.log"
    report = recording.run(until, order_log=path)
    part = list(read_order_log(path)) if path.exists() else []
    whole = list(read_order_log(recording.log))
    assert part == whole[: len(part)]
    assert len(part) == report.order_log_records < len(whole)
    assert bool(part) == (share > 0)


def cut(recording: Recording, cuts: int, seed: int) -> None:
    """Cuts the recorded events at random places; a lane that is fed both parts does what one does that is fed all."""
    rng = random.Random(seed)
    whole = recording.scripted()
    digests = [digest(whole)]
    for event in recording.events:
        whole.replay(event)
        digests.append(digest(whole))
    assert digests[-1] == recording.report.order_log_sha256
    for _ in range(cuts):
        at = rng.randrange(len(recording.events) + 1)
        driver = recording.scripted()
        for event in recording.events[:at]:
            driver.replay(event)
        assert digest(driver) == digests[at], f"after {at} events"
        for event in recording.events[at:]:
            driver.replay(event)
        assert digest(driver) == digests[-1], f"cut after {at} events"


def test_a_session_cut_at_random_events_continues(recording: Recording) -> None:
    """Cut at 20 random events and continued, it gives the digest of the whole."""
    cut(recording, 20, seed=1)


@pytest.mark.gate
@pytest.mark.parametrize("cuts", [250, pytest.param(1_000, marks=pytest.mark.weekly)])
def test_a_session_cut_at_many_random_events_continues(recording: Recording, cuts: int) -> None:
    """Cut at so many random events and continued, it gives the digest of the whole."""
    cut(recording, cuts, seed=2)


@pytest.fixture
def written(recording: Recording, tmp_path: Path) -> Callable[[bytes], list[Event]]:
    """Reads a file of these bytes as recorded inputs."""

    def read(content: bytes) -> list[Event]:
        path = tmp_path / "changed.inputs"
        path.write_bytes(content)
        return list(read_inputs(path))

    return read


def test_a_file_that_was_cut_short_reads_up_to_there(recording: Recording, written: Callable[..., Any]) -> None:
    """A crash loses no more than the event that was being written, wherever it cut the file."""
    content = recording.inputs.read_bytes()
    ends, at = [], 0
    while at < len(content):
        at += 4 + int.from_bytes(content[at : at + 4], "little")
        ends.append(at)
    assert ends[-1] == len(content)
    rng = random.Random(3)
    for size in [0, 1, 4, 5, *(rng.randrange(len(content)) for _ in range(20)), len(content) - 1]:
        events = written(content[:size])
        assert events == recording.events[: max(sum(end <= size for end in ends) - 1, 0)], f"cut at byte {size}"


def first_end(content: bytes) -> int:
    """Where the second record begins."""
    return 4 + int.from_bytes(content[:4], "little")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            lambda content: content[first_end(content) :],
            "record 0, at byte 0: the file doesn't begin as recorded inputs",
        ),
        (lambda content: b"1723161255030314667 {}\n" * 9, "record 0, at byte 0: a length of"),
        (lambda content: content[:4] + b"\xc1" + content[5:], "record 0, at byte 0: not a recorded input"),
        (
            lambda content: content[: first_end(content)] + b"\x02\x00\x00\x00\xff\xff" + content[first_end(content) :],
            "record 1, at byte [0-9]+: not a recorded input",
        ),
        (
            lambda content: content[: first_end(content)] * 2 + content[first_end(content) :],
            "record 1, at byte [0-9]+: the file doesn't begin as recorded inputs",
        ),
        (
            lambda content: content.replace(b"format\x01", b"format\x02", 1),
            "record 0, at byte 0: format 2, of version .*; this one reads 1",
        ),
    ],
    ids=["no header", "a capture", "header", "record", "two headers", "format"],
)
def test_a_damaged_file_says_where(
    recording: Recording, written: Callable[..., Any], damage: Callable[[bytes], bytes], problem: str
) -> None:
    """A file that isn't one of recorded inputs, or was changed, is an error with file, record and byte."""
    with pytest.raises(DataError, match=rf"changed\.inputs: {problem}"):
        written(damage(recording.inputs.read_bytes()))


def test_a_file_that_is_absent_is_an_error(tmp_path: Path) -> None:
    """Nothing to read is an error with the file's name."""
    with pytest.raises(DataError, match=r"absent\.inputs: No such file"):
        list(read_inputs(tmp_path / "absent.inputs"))
