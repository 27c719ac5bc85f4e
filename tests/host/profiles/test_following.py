"""Sessions that follow profiles: found by their own workload on this host, and put into every feed's plan."""

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from hwprofile.probe import probe
from mainspring import __version__
from mainspring.host.config import parse_config
from mainspring.host.explain import explain_json, explain_text
from mainspring.host.profiles import host_key, save, workload
from mainspring.host.profiles.model import CandidateRecord, Decision, Skipped
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session

ONE = 'mode = "replay"\nfeed = { plugin = "simulated", seconds = 1 }\ninstruments = ["BTC/USDT"]\n'
TWO = """
mode = "replay"
[feeds]
a = { plugin = "simulated", instruments = ["BTC/USDT"] }
b = { plugin = "simulated", instruments = ["ETH/USDT"] }
"""
SLOTS = ("decoder", "codec (json)", "book")
STRANGER = """
from mainspring.seams import hookimpl
from mainspring_plugins.books.bisect_list import BisectListBook
@hookimpl
def register_books(catalogue):
    catalogue.add("strange", BisectListBook, summary="A stranger's book")
"""


@pytest.fixture(scope="module")
def registry():
    return Registry.load(["mainspring"])


@pytest.fixture(scope="module")
def here():
    return probe()


@pytest.fixture
def plan(registry, here):
    """Plans a session of the text on this host, which must only be asked where it matters."""

    def make(text, registry=registry, probed=lambda: here, **more):
        return make_session(parse_config(text, "s.toml", Path()), registry, probed, **more)

    return make


@pytest.fixture
def keep(make_profile, here, plan, registry):
    """Keeps a profile of this host: of the text's first feed, with a book that beat the default."""

    def kept(text, book, registry=registry, **fields):
        first = plan(text, registry, follow=False).first
        default = {"decoder": "python", "codec (json)": "orjson", "book": "bisect-list"}
        winner = {**default, "book": book}
        candidates = (
            CandidateRecord(name="bisect-list", slots=default, standing="default", because=""),
            CandidateRecord(name=book, slots=winner, standing="winner", because="", gain=1.31, low=1.25, high=1.36),
        )
        chunk = CandidateRecord(name="2048", slots={"chunk": "2048"}, standing="winner", because="", gain=1.1)
        decided: list[dict[str, Any]] = [
            {"race": "pipeline", "slots": winner, "default": default, "candidates": candidates},
            {"race": "chunk", "slots": chunk.slots, "default": {"chunk": "512"}, "candidates": (chunk,)},
        ]
        decisions = tuple(
            Decision(
                **slots,
                because="",
                grade="quiet",
                noise=0.01,
                rounds=9,
                processes=3,
                dropped=0,
                seed=1,
            )
            for slots in decided
        )
        named = {f"{seam.split()[0]} {name}" for seam, name in (*winner.items(), ("book", "bisect-list"))}
        offers = {one: registry.offers(one.split()[0])[one.split()[1]] for one in named}
        key = workload(first)
        profile = make_profile(
            mainspring=__version__,
            host=host_key(here),
            workload=key.digest,
            workload_description=key.description,
            workload_parts=key.parts,
            candidates={
                **{
                    f"book {name}": f"{one.distribution} {one.version}" for name, one in registry.offers("book").items()
                },
                **{one: f"{offer.distribution} {offer.version}" for one, offer in offers.items()},
            },
            decisions=decisions,
        )
        save(msgspec.structs.replace(profile, **fields))

    return kept


def unasked():
    raise AssertionError("the host was probed, and there is nothing to hold it against")


def test_a_session_follows_its_profile(plan, keep):
    """The winner's book runs, in chunks as they were raced, and the lane's stages are held to the profile's."""
    keep(ONE, "sorted-dict")
    session = plan(ONE)
    first = session.first
    assert (first.book.plugin, first.book.rule, first.chunk.value) == ("sorted-dict", "profile", 2048)
    assert first.book.because == "profile: sorted-dict 1.31x over bisect-list [1.25, 1.36], fresh, 2026-11-26"
    assert (first.decoder.plugin, first.decoder.rule) == ("python", "profile")
    assert [found.freshness for found in session.profiles] == ["fresh"]
    assert session.lanes[0].parts == session.feeds
    assert session.lanes[0].stages_ns == {"feed": 4_000.0}


def test_the_default_is_had_by_asking(plan, keep):
    """Without following it is what the config alone gives, and the host isn't looked at."""
    keep(ONE, "sorted-dict")
    session = plan(ONE, probed=unasked, follow=False)
    assert session.first.book.plugin == "bisect-list"
    assert session.first.book.because.startswith("the best installed; mainspring-native isn't installed")
    assert session.profiles == ()
    assert session.lanes[0].stages_ns == {}


def test_the_host_is_left_alone_without_a_profile(plan, keep):
    """If nothing was ever raced, the host isn't probed."""
    session = plan(ONE, probed=unasked)
    reason = session.first.codec.because
    assert reason == "the best installed; no race of this workload on this host; `mainspring tune` runs one"
    assert [found.freshness for found in session.profiles] == ["none"]


def test_the_nearest_profile_is_followed(plan, keep):
    """Without a race of this workload, the nearest one's winner runs, says so, and expects nothing of the stages."""
    keep(ONE.replace("seconds = 1", "seconds = 2"), "sorted-dict", workload_description="two seconds")
    session = plan(ONE)
    book = session.first.book
    assert (book.plugin, book.rule) == ("sorted-dict", "profile")
    assert book.because == "profile: sorted-dict 1.31x over bisect-list [1.25, 1.36], nearest, 2026-11-26"
    ((_, words),) = session.describe_profile()
    assert words == (
        "host profile: nearest (two seconds): this workload wasn't raced; the nearest that was, on 2026-11-26, is two "
        "seconds (other messages). `mainspring tune` races this one"
    )
    assert session.lanes[0].stages_ns == {}


def test_a_strategys_size_keeps_the_profile(plan, keep):
    """A strategy of another size, other limits and another latency follow the same fresh profile."""
    text = (
        ONE.replace("replay", "paper")
        + """
slippage.plugin = "square-root"
router.plugin = "paper"
latency.request_us = 250
[strategy.maker]
plugin = "quote-maker"
size = 0.01
[risk]
max_order_size = 0.5
"""
    )
    keep(text, "sorted-dict")
    other = text.replace("0.01", "0.02").replace("0.5", "0.7").replace("250", "300")
    assert [found.freshness for found in plan(other).profiles] == ["fresh"]


def test_races_that_ran_out_of_time_are_told(plan, keep):
    """A slot whose race there was no time for says so, with the budget that would do."""
    because = "there was no time left for it. It needs 23 s here, which `mainspring tune --budget 90s` has"
    skipped = Skipped(race="gc", slots=("gc",), because=because)
    keep(ONE, "sorted-dict", skipped=(skipped,))
    gc = plan(ONE).first.gc
    assert (gc.rule, gc.because) == ("default", f"the default; not raced on 2026-11-26: {because}")


def test_each_feed_follows_its_own(plan, keep):
    """Of two feeds the second was raced: it follows its own profile, the first one the nearest, which is that."""
    keep(ONE.replace("BTC", "ETH").replace(", seconds = 1", ""), "sorted-dict")
    session = plan(TWO)
    assert [feed.book.plugin for feed in session.feeds] == ["sorted-dict", "sorted-dict"]
    assert [feed.chunk.value for feed in session.feeds] == [2048, 2048]
    assert [found.freshness for found in session.profiles] == ["nearest", "fresh"]
    assert [words.partition(":")[0] for _, words in session.describe_profile()] == ["a", "b"]
    assert session.lanes[0].stages_ns == {}


def test_a_strangers_plugin_wins(plan, keep, install):
    """A plugin of another distribution is followed as ours are; where it isn't allowed, it isn't taken, with why."""
    install("acme-strange", {"acme_strange_book": STRANGER})
    ours = ("mainspring",)
    allowed = Registry.load((*ours, "acme-strange"))
    keep(ONE, "strange", allowed)
    book = plan(ONE, allowed).first.book
    assert (book.plugin, book.distribution, book.version, book.rule) == ("strange", "acme-strange", "1.0", "profile")
    book = plan(ONE, Registry.load(ours)).first.book
    assert (book.plugin, book.rule) == ("bisect-list", "default")
    assert "isn't used: no book plugin is named 'strange'" in book.because
    assert "Not loaded, because [plugins] allow doesn't list them: acme-strange" in book.because


def text_of(session) -> list[str]:
    out = io.StringIO()
    explain_text(session, Console(file=out, width=100, color_system=None))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_explain_tells_it_in_the_words_of_the_plan(plan, keep):
    """At 100 columns: rows stay rows, each reason stands once below, and a line says what was found."""
    keep(ONE, "sorted-dict", workload_description="a day")
    lines = text_of(plan(ONE))
    rows = [" ".join(line.split()) for line in lines]
    for row in (
        f"decoder python mainspring {__version__} profile (1) any cpu",
        f"codec (json) orjson mainspring {__version__} profile (1) any cpu",
        f"book sorted-dict mainspring {__version__} profile (1) any cpu",
        f"chunk 2048 mainspring {__version__} profile (2) any cpu",
    ):
        assert row in rows
    for line in (
        "(1) profile: sorted-dict 1.31x over bisect-list [1.25, 1.36], fresh, 2026-11-26",
        "(2) profile: 2048 1.10x over 512, fresh, 2026-11-26",
        "Host profile: fresh (a day): raced 2026-11-26",
    ):
        assert line in lines


def test_explain_tells_it_as_json(plan, keep):
    """Each slot's whole reason, and what was found of the profile."""
    keep(ONE, "sorted-dict", workload_description="a day")
    plain = json.loads(json.dumps(explain_json(plan(ONE))))
    because = {one["slot"]: (one["rule"], one["because"]) for one in plain["slots"]}
    words = "profile: sorted-dict 1.31x over bisect-list [1.25, 1.36], fresh, 2026-11-26"
    assert because["book"] == ("profile", words)
    assert because["codec (json)"] == ("profile", words)
    assert plain["profiles"] == [
        {
            "freshness": "fresh",
            "because": "raced 2026-11-26",
            "tuned_at": "2026-11-26T13:00:00+00:00",
            "workload": "a day",
        }
    ]
