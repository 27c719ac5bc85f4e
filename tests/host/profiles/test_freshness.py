"""Whether a profile still holds: what makes it stale, what makes it useless, and which one is taken of several."""

import msgspec
import pytest

from mainspring import __version__
from mainspring.host.profiles import best_two, load
from mainspring.host.profiles.freshness import installed_candidates
from mainspring.host.profiles.model import CandidateRecord, Found, WorkloadKey
from mainspring.host.profiles.store import save
from mainspring.seams import Needs

PARTS = {"feed": "f0", "mode": "m0", "slots": "s0", "messages": "x0", "strategies": "y0"}
KEY = WorkloadKey(digest="ab" * 32, parts=PARTS, description="this")


@pytest.fixture
def look(host, acme):
    """Looks for the workload's profile on the host with some of its fields changed, and some plugins besides."""

    def found(*more, without=(), **fields) -> Found:
        return load(KEY, msgspec.structs.replace(host, **fields), acme(*more, without=without))

    return found


def test_an_exact_one_is_fresh(look, make_profile):
    """Nothing has changed since: used, with its date."""
    save(make_profile())
    assert look() == Found(freshness="fresh", because="raced 2026-11-26", profile=make_profile())


def test_none_was_raced(look, make_profile):
    """Without a file of this workload, that is what is said."""
    save(make_profile(workload="cd" * 32))
    assert look() == Found(
        freshness="none", because="no race of this workload on this host; `mainspring tune` runs one"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kernel": "6.9", "fingerprint": "f1"}, "kernel 6.8 became 6.9"),
        ({"python": "CPython 3.13.0", "fingerprint": "f2"}, "Python CPython 3.12.1 became CPython 3.13.0"),
        ({"fingerprint": "f3"}, "the CPU's microcode or the way hosts are identified has changed"),
    ],
)
def test_a_system_that_changed_makes_it_stale(look, make_profile, changed, words):
    """The same CPU, mask and quota under another system: used, and stale, with what has changed."""
    save(make_profile())
    found = look(**changed)
    assert (found.freshness, found.profile) == ("stale", make_profile())
    assert found.because == f"raced 2026-11-26; since then {words}. Run `mainspring tune` to race the best again"


def test_another_mainspring_makes_it_stale(look, make_profile):
    """A profile that another version of the platform wrote."""
    save(make_profile(mainspring="0.0.1"))
    found = look()
    assert found.freshness == "stale"
    assert f"mainspring 0.0.1 became {__version__}" in found.because


def test_another_version_of_a_candidate_makes_it_stale(look, make_profile):
    """Not only of the winner: whoever lost may have become faster."""
    save(make_profile(candidates={**make_profile().candidates, "book plain": "acme 2.2"}))
    found = look()
    assert (found.freshness, found.profile is None) == ("stale", False)
    assert "since then acme 2.2 became acme 2.3." in found.because


def test_a_newcomer_makes_it_stale(look, make_profile, make_offer):
    """A plugin that could have taken part. One that can't run here, or has another format, changes nothing."""
    save(make_profile())
    found = look(make_offer("book", "flat"))
    assert "the book flat of acme 2.3 was added" in found.because
    assert found.freshness == "stale"
    for other in (
        make_offer("book", "flat", needs=Needs(packages=("nowhere_to_be_found",))),
        make_offer("codec", "zip", capabilities={"format": "msgpack"}),
        make_offer("router", "far"),
    ):
        assert look(other).freshness == "fresh"


def test_who_was_kept_out_of_a_race_is_no_newcomer(look, make_profile, make_decision, make_offer):
    """A gated candidate was there, and isn't among the candidates."""
    gated = CandidateRecord(name="flat", slots={}, standing="gated", because="has no such option")
    decision = make_decision(candidates=(*make_decision().candidates, gated))
    save(make_profile(decisions=(decision,)))
    assert look(make_offer("book", "flat")).freshness == "fresh"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"cpu": "c1", "words": "Acme Two, 4 CPUs"},
            "another CPU or topology (Acme One, 4 CPUs; here Acme Two, 4 CPUs)",
        ),
        ({"cpu": "c1"}, "another topology or other instruction sets of the same CPU (Acme One, 4 CPUs)"),
        ({"usable": "0-1"}, "other usable CPUs (0-3; here 0-1)"),
        ({"quota": "1.5"}, "another CPU quota (none; here 1.5)"),
        ({"usable": "2", "quota": "1"}, "other usable CPUs (0-3; here 2) and from another CPU quota (none; here 1)"),
    ],
)
def test_another_host_is_not_used(look, make_profile, changed, words):
    """Another CPU, mask or quota: not used, and what differs is named."""
    save(make_profile())
    found = look(fingerprint="f4", **changed)
    assert (found.freshness, found.profile) == ("unused", None)
    assert found.because == f"the profile of 2026-11-26 is from {words}; run `mainspring tune` on this host"


def test_a_refused_file_is_told(look, make_profile):
    """This host's own file, where it can't be believed."""
    path = save(make_profile())
    path.write_bytes(b"{")
    found = look()
    assert (found.freshness, found.profile) == ("refused", None)
    assert found.because == f"{path} is truncated; run `mainspring tune` to write it again"


def test_the_best_of_several_is_taken(look, make_profile, host):
    """The exact one before a newer stale one; of stale ones the newest; and before one of another host."""

    def kept(fingerprint, day, **fields):
        other = msgspec.structs.replace(host, fingerprint=fingerprint, **fields)
        save(make_profile(host=other, tuned_at=f"2026-11-{day}T00:00:00+00:00"))

    kept("aa", 28, cpu="c1")
    assert look().freshness == "unused"
    kept("bb", 20, kernel="6.6")
    kept("cc", 21, kernel="6.7")
    assert look().profile.tuned_at.startswith("2026-11-21")
    kept(host.fingerprint, 10)
    assert (look().freshness, look().profile.tuned_at[:10]) == ("fresh", "2026-11-10")


def test_a_refused_file_beside_a_stale_one(look, make_profile, host):
    """The stale one is used, and what became of this host's own file is still said."""
    save(make_profile(host=msgspec.structs.replace(host, fingerprint="bb", kernel="6.6")))
    path = save(make_profile())
    path.write_bytes(b"")
    found = look()
    assert found.freshness == "stale"
    assert f"; {path} is truncated" in found.because


@pytest.fixture
def keep_other(make_profile):
    """Keeps a profile of another workload, some of whose parts are others."""

    def keep(digest, tuned_at="2026-11-26T13:00:00+00:00", **parts):
        other = make_profile(
            workload=digest * 32, workload_parts=PARTS | parts, workload_description=f"work {digest}", tuned_at=tuned_at
        )
        save(other)
        return other

    return keep


def test_the_nearest_is_offered(look, keep_other):
    """Of workloads that weren't this one, the profile of that with the fewest other parts is used, and says so."""
    keep_other("c1", messages="x1", strategies="y1")
    near = keep_other("c2", messages="x1")
    keep_other("c3", "2026-11-28T13:00:00+00:00", messages="x2", strategies="y2")
    found = look()
    assert (found.freshness, found.profile) == ("nearest", near)
    assert found.because == (
        "this workload wasn't raced; the nearest that was, on 2026-11-26, is work c2 (other messages). "
        "`mainspring tune` races this one"
    )


@pytest.mark.parametrize("part", ["feed", "mode", "slots"])
def test_too_far_apart(look, keep_other, part):
    """Another feed, mode, or other pinned slots: such a profile says nothing of this workload."""
    keep_other("c1", **{part: "other"})
    assert look().freshness == "none"


def test_the_nearest_of_another_host(look, keep_other):
    """A near workload that was raced on another CPU isn't used."""
    keep_other("c1", messages="x1")
    assert look(fingerprint="f4", cpu="c1").freshness == "none"


def test_an_exact_one_before_a_near_one(look, keep_other, make_profile):
    """A profile of this workload that is stale is used before one of a near workload."""
    keep_other("c1", "2026-11-28T13:00:00+00:00", messages="x1")
    save(make_profile(mainspring="0.0.1"))
    assert look().freshness == "stale"


def test_with_and_without_a_plugin(look, make_profile, acme, make_offer):
    """Tuned with a plugin and without it, one workload has two profiles, and each session follows its own."""
    flat = make_offer("book", "flat")
    versions = make_profile().candidates
    save(make_profile(installed=installed_candidates(acme()), tuned_at="2026-11-20T00:00:00+00:00"))
    both = installed_candidates(acme(flat))
    save(make_profile(installed=both, candidates=versions | {"book flat": "acme 2.3"}))
    assert (look().freshness, look().profile.tuned_at[:10]) == ("fresh", "2026-11-20")
    assert (look(flat).freshness, look(flat).profile.tuned_at[:10]) == ("fresh", "2026-11-26")


def test_the_best_two_race_again(make_decision):
    """The winner and the best of the others, though another has the higher gain: it was refused for something else."""
    default, winner, third = make_decision().candidates
    assert best_two(make_decision()) == ("fast + deep", "fast + plain")
    ahead = msgspec.structs.replace(third, gain=15.0, standing="unconfirmed")
    slow = msgspec.structs.replace(third, name="slow", slots={}, gain=None, standing="gated")
    assert best_two(make_decision(candidates=(default, slow, ahead, winner))) == ("fast + deep", "fast + plain")
    assert best_two(make_decision(candidates=(default, slow))) == ("closures + plain",)
