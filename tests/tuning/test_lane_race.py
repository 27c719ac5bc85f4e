"""The race of lanes: its gates, its payloads, its turns. No figure of a clock decides anything here."""

import gc
import subprocess
import sys

import pytest

from mainspring.errors import PluginError
from mainspring.host.config import GC_MODES
from mainspring.host.registry import OURS, Registry
from mainspring.tuning import lane_race
from mainspring.tuning.answer import Answer, AnswersOtherwise
from mainspring.tuning.answer import answer_of as made_by
from mainspring.tuning.candidates import CHUNKS, settings
from mainspring.tuning.lane_race import make
from mainspring.tuning.subject import read_subject

PYTHON = ("decoder.plugin=python", "codec.json=orjson")

KEEPS_WHAT_IS_GONE = """
    def apply_delta(self, bids, asks):
        super().apply_delta([row for row in bids if row[1]], asks)
"""
LENIENT_CODEC = """
from mainspring.seams import hookimpl
from mainspring_plugins.codecs.orjson import OrjsonCodec

class Lenient(OrjsonCodec):
    def decode(self, data):
        return super().decode(data[:data.rfind(b"}") + 1] or data)

@hookimpl
def register_codecs(catalogue):
    capabilities = {"format": "json", "strict": False}
    catalogue.add("lenient", Lenient, summary="ignores what follows a message", capabilities=capabilities)
"""
RAISES = """
    def bbo(self):
        raise RuntimeError("not today")
"""


def test_all_of_ours_answer_alike(registry, race):
    """Every pipeline of ours, native ones included, does the same with the workload and with its edge cases."""
    found, _ = race(registry)
    assert len({found.answer(name) for name in found.names}) == 1
    assert len(found.names) > 8


def test_a_strangers_book_takes_part_by_being_installed(strange_book, race):
    """An installed and allowed book is a candidate with no word about it anywhere, and answers as ours do."""
    registry = strange_book()
    found, subject = race(registry, *PYTHON, allow=(*OURS, "acme-books"))
    assert "strange" in found.names
    assert found.answer("strange") == found.answer(found.names[0])
    candidate = next(one for one in subject.candidates if one.name == "strange")
    assert candidate.versions["book strange"] == "acme-books 2.3"


def test_a_wrong_book_is_gated(strange_book, race):
    """A book that keeps levels which are gone doesn't race, and the reason says what differs."""
    found, _ = race(strange_book(KEEPS_WHAT_IS_GONE), *PYTHON, allow=(*OURS, "acme-books"))
    with pytest.raises(AnswersOtherwise, match=r"where the default has"):
        found.answer("strange")


def test_a_lenient_codec_is_gated(install, race):
    """A codec that reads good messages rightly, and takes a damaged one that the default refuses, doesn't race."""
    install("acme-codecs", {"acme_codecs": LENIENT_CODEC})
    allow = (*OURS, "acme-codecs")
    found, _ = race(Registry.load(allow), "decoder.plugin=python", "book.plugin=bisect-list", allow=allow)
    with pytest.raises(AnswersOtherwise, match="a message with bytes after it: taken"):
        found.answer("lenient")


def test_a_book_that_raises_is_gated(strange_book, race):
    """What a candidate raises is why it doesn't race."""
    found, _ = race(strange_book(RAISES), *PYTHON, allow=(*OURS, "acme-books"))
    with pytest.raises(PluginError, match="the book 'strange' of acme-books raised RuntimeError: not today"):
        found.answer("strange")


def test_a_payload_is_the_same_for_all(registry, race):
    """Each lane runs a payload once, and all lanes stand at the same message after it."""
    found, subject = race(registry, *PYTHON)
    found.start(found.names, unseen=False)
    for _ in range(2):
        found.advance(1)
        for name in reversed(found.names):
            assert found.run(name).elapsed_ns > 0
    assert {lane.messages for lane in found._lanes.values()} == {subject.workload.begin + 256}


def test_after_the_last_payload_lanes_begin_again(registry, race):
    """The race's part of 2,000 messages holds ten payloads of 128: the eleventh is the first again."""
    found, subject = race(registry, *PYTHON)
    assert subject.workload.seen - subject.workload.begin == 1400
    name = found.names[0]
    found.start((name,), unseen=False)
    ends = []
    for _ in range(12):
        found.advance(1)
        found.run(name)
        ends.append(found._lanes[name].messages - subject.workload.begin)
    assert ends == [128 * at for at in (*range(1, 11), 1, 2)]


def test_chunks_race_over_the_same_messages(registry, race, planned):
    """Where chunks are raced, a payload is the largest of them, and each lane takes it in its own."""
    found, subject = race(registry, *PYTHON, messages=4_000, field=settings(planned(registry).chunk, CHUNKS))
    assert subject.unit == 2048
    found.start(found.names, unseen=False)
    found.advance(1)
    for name in found.names:
        found.run(name)
    assert {lane.messages for lane in found._lanes.values()} == {subject.workload.begin + 2048}


def tally_of(lane):
    return lane._run._lane.order_manager.quality.tallies[0]


def test_orders_rest_where_a_race_begins(registry, race):
    """Lanes trade as the session is configured to: orders were accepted before anything is timed, and meanwhile."""
    found, subject = race(registry, *PYTHON)
    found.start(found.names, unseen=False)
    assert subject.workload.begin > 0
    assert all(tally_of(lane).accepted for lane in found._lanes.values())
    fills = [tally_of(lane).fills for lane in found._lanes.values()]
    for _ in range(10):
        found.advance(1)
        for name in found.names:
            found.run(name)
    assert all(tally_of(lane).fills > count for lane, count in zip(found._lanes.values(), fills, strict=True))


def test_the_order_log_must_be_the_defaults(registry, race, monkeypatch):
    """Candidates whose orders differ don't race, even where nothing else that is seen of their lanes does."""
    found, _ = race(registry, *PYTHON)
    assert found.answer(found.names[0])

    def answer_of(*arguments):
        answer = made_by(*arguments)
        assert len(answer.parts["order log"]) == 64
        return Answer(parts={**answer.parts, "order log": "f" * 64})

    monkeypatch.setattr(lane_race, "answer_of", answer_of)
    with pytest.raises(AnswersOtherwise, match=r"^order log: "):
        found.answer(found.names[1])


def test_the_unseen_part_lies_behind_the_race(registry, race):
    """Lanes of the confirmation have run everything before its first payload, which the race never reaches."""
    found, subject = race(registry, *PYTHON)
    name = found.names[0]
    found.start((name,), unseen=True)
    assert found._lanes[name].messages >= subject.workload.seen
    found.advance(1)
    found.run(name)
    assert found._lanes[name].messages > subject.workload.seen


def test_one_who_left_catches_up(registry, race):
    """A lane that wasn't run with a payload is brought up to the next one before it is timed again."""
    found, subject = race(registry, *PYTHON)
    first, second = found.names[:2]
    found.start((first, second), unseen=False)
    found.advance(1)
    found.run(first)
    found.advance(1)
    found.run(second)
    assert found._lanes[second].messages == subject.workload.begin + 256


def test_a_second_subject_of_the_default(registry, race):
    """ "NAME again" is a lane of its own of the same candidate."""
    found, subject = race(registry, *PYTHON)
    name = found.names[0]
    found.start((name, f"{name} again"), unseen=False)
    found.advance(1)
    assert found.run(f"{name} again").tail_ns is not None
    assert found._lanes[name].messages == subject.workload.begin


@pytest.mark.parametrize("setting", GC_MODES)
def test_the_collector_is_put_back(registry, race, planned, setting):
    """Each collector holds while its lane is timed, and not beyond, whatever the process had it do before."""
    found, _ = race(registry, *PYTHON, field=settings(planned(registry).gc, GC_MODES))
    threshold = gc.get_threshold()
    found.start((setting,), unseen=False)
    found.advance(1)
    gc.freeze()
    gc.disable()
    try:
        found.run(setting)
        after = gc.get_threshold(), gc.isenabled(), gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()
    assert after == (threshold, False, True)


def test_a_fresh_process_makes_the_same_race(registry, race):
    """What the subject's file holds is enough to make the race again, with the same answers."""
    found, subject = race(registry, *PYTHON, "book.plugin=bisect-list")
    script = "import sys; from mainspring.tuning.lane_race import make; print(make(sys.argv[1]).answer(sys.argv[2]))"
    argument, name = subject.work.argument, found.names[0]
    done = subprocess.run([sys.executable, "-c", script, argument, name], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found.answer(name)
    assert subject.work.entry == f"{make.__module__}:{make.__name__}"
    assert read_subject(argument) == subject


def test_memory_is_measured_in_a_process_of_its_own(registry, race):
    """The growth of a fresh process over the workload is some bytes, and not the gigabytes of a mistake."""
    found, _ = race(registry, *PYTHON, "book.plugin=bisect-list")
    assert -(1 << 20) < found.memory(found.names[0]) < 1 << 28
