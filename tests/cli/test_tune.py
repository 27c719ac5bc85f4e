"""`mainspring tune` as it is typed. Races and whole lanes have a given outcome; no clock decides anything."""

import json

import msgspec
import pytest

from hwprofile.probe import probe
from hwprofile.tune import RaceError
from hwprofile.tune.gate import NO_TIME
from mainspring import __version__
from mainspring.host.config import load_config
from mainspring.host.profiles import host_key, listing, save, workload
from mainspring.host.profiles.model import CandidateRecord, Decision, Paired, Profile, Skipped
from mainspring.host.registry import Registry
from mainspring.tuning.plans import first_feed
from mainspring.tuning.tune import Tuned

DEFAULT = {"decoder": "python", "codec (json)": "orjson", "book": "bisect-list"}
WON = {"decoder": "python", "codec (json)": "orjson", "book": "sorted-dict"}


def candidate(name, standing, slots=None, **figures):
    return CandidateRecord(name=name, slots=slots or {}, standing=standing, because=f"{name} is {standing}", **figures)


def decision(race, slots, default, *candidates, because="it won"):
    return Decision(
        race=race,
        slots=slots,
        default=default,
        because=because,
        grade="quiet",
        noise=0.004,
        rounds=400,
        processes=6,
        dropped=3,
        seed=1,
        candidates=candidates,
    )


@pytest.fixture
def profile():
    """A profile of the built-in session on this host, made without a race."""
    loaded = load_config(None)
    registry = Registry.load()
    key = workload(first_feed(loaded, registry)[0])
    versions = {
        f"{seam} {name}": f"{offer.distribution} {offer.version}"
        for seam in ("decoder", "book", "codec")
        for name, offer in registry.offers(seam).items()
    }
    pipeline = decision(
        "pipeline",
        WON,
        DEFAULT,
        candidate("orjson + bisect-list", "default", DEFAULT, gain=1.0),
        candidate(
            "orjson + sorted-dict", "winner", WON, gain=1.25, low=1.2, high=1.3, tail_gain=1.1, memory_bytes=3 << 20
        ),
        candidate("json + bisect-list", "slower", gain=0.8, low=0.75, high=0.85),
        candidate("strange", "gated"),
    )
    chunk = decision(
        "chunk",
        {"chunk": "512"},
        {"chunk": "512"},
        candidate("512", "default", {"chunk": "512"}, gain=1.0),
        candidate("128", "tied", {"chunk": "128"}, gain=1.01, low=0.99, high=1.03),
        because="nothing beat the default by more than 2%",
    )
    return Profile(
        mainspring=__version__,
        host=host_key(probe()),
        workload=key.digest,
        workload_description=key.description,
        workload_parts=key.parts,
        objective="throughput",
        tuned_at="2026-11-26T14:00:00+00:00",
        budget_s=60,
        seconds=58.4,
        candidates=versions,
        decisions=(pipeline, chunk),
        paired=Paired(gain=1.22, low=1.15, high=1.29, rounds=6, because="the tuned lane is faster"),
    )


@pytest.fixture
def tuned(monkeypatch, profile):
    """What a tune comes to; `given(raises=...)` for one that doesn't come to an end."""

    def give(raises=None):
        def tune(*_arguments, **asked):
            asks.append(asked)
            if raises is not None:
                raise raises
            return Tuned(profile=profile, notes=("the first of two",))

        monkeypatch.setattr("mainspring.cli.tune.tune", tune)
        return asks

    asks = []
    return give


def test_tune_keeps_the_profile_and_says_what_it_decided(mainspring, tuned, profile):
    """`tune` alone is `tune run`: the winner, its gain and the whole lane's are told, and the profile is kept."""
    tuned()
    code, out, err = mainspring("tune")
    assert (code, err) == (0, "")
    for word in (
        "orjson + sorted-dict",
        "1.250x",
        "512, the default",
        "best alternative: 128",
        "1.220x as good",
        "58 of 60 s",
    ):
        assert word in out
    assert "Note: the first of two." in out
    assert [one.profile for one in listing()] == [profile]
    code, out, _ = mainspring("tune", "run", "--json")
    assert code == 0
    assert json.loads(out)["profile"]["decisions"][0]["slots"]["book"] == "sorted-dict"


def test_tune_names_what_it_had_no_time_for(mainspring, monkeypatch, profile):
    """Candidates that weren't asked in time, and races that weren't run, are named with the remedy."""
    pipeline, chunk = profile.decisions
    late = CandidateRecord(name="native + btree", slots={}, standing="gated", because=NO_TIME)
    skipped = Skipped(race="gc", slots=("gc",), because="there was no time left for it")
    short = msgspec.structs.replace(
        profile,
        decisions=(msgspec.structs.replace(pipeline, candidates=(*pipeline.candidates, late)), chunk),
        skipped=(skipped,),
    )
    monkeypatch.setattr("mainspring.cli.tune.tune", lambda *_arguments, **_asked: Tuned(profile=short))
    _, out, _ = mainspring("tune")
    text = " ".join(out.split())
    assert "In the race of pipeline there was no time for native + btree: give a longer --budget." in text
    assert "Gc wasn't raced: there was no time left for it." in text


def test_options_reach_the_tune(mainspring, tuned):
    """Budget and seed are those that were typed; no profile means no earlier one."""
    asks = tuned()
    mainspring("tune", "--budget", "2m", "--seed", "9")
    assert (asks[0]["budget"].seconds, asks[0]["seed"], asks[0]["earlier"]) == (120, 9, None)


def test_a_stale_profile_is_raced_on_unless_told_otherwise(mainspring, tuned, profile):
    """A stale profile is handed to the tune, a fresh one or one under --full isn't."""
    asks = tuned()
    stale = msgspec.structs.replace(profile, mainspring="0.0.1")
    save(stale)
    mainspring("tune")
    save(stale)
    mainspring("tune", "--full")
    save(profile)
    mainspring("tune")
    assert [one["earlier"] for one in asks] == [stale, None, None]


def test_without_a_verdict_the_old_profile_stands(mainspring, monkeypatch, profile):
    """A tune on an unfit host doesn't take the place of what was found when it was quieter; without one it is kept."""
    unfit = tuple(msgspec.structs.replace(one, grade="unfit", because="unfit") for one in profile.decisions)
    found = Tuned(profile=msgspec.structs.replace(profile, decisions=unfit, paired=None))
    monkeypatch.setattr("mainspring.cli.tune.tune", lambda *_arguments, **_asked: found)
    assert mainspring("tune")[0] == 0
    save(profile)
    code, _, err = mainspring("tune")
    assert code == 1
    assert "the previous profile stays" in err
    assert [one.profile for one in listing()] == [profile]


@pytest.mark.parametrize(
    ("raised", "code", "said"), [(KeyboardInterrupt(), 130, "nothing was kept"), (RaceError("no SciPy"), 2, "no SciPy")]
)
def test_a_tune_that_does_not_end_leaves_the_old_profile(mainspring, tuned, profile, raised, code, said):
    """Interrupted, or unable to race, it keeps nothing, and what was there stands."""
    save(profile)
    before = [one.path.read_bytes() for one in listing()]
    tuned(raises=raised)
    ended, out, err = mainspring("tune", "--budget", "20s")
    assert (ended, out) == (code, "")
    assert said in err
    assert [one.path.read_bytes() for one in listing()] == before


def test_why_tells_of_every_candidate(mainspring, profile):
    """`why` gives the verdict, each candidate's gain with bounds and chart, the reasons of the gated, host and seed."""
    save(profile)
    code, out, _ = mainspring("tune", "why", "book")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "book: sorted-dict, by the race of pipeline"
    (won,) = (line for line in lines if line.startswith("orjson + sorted-dict"))
    for word in ("winner", "1.250x", "1.200-1.300", "1.10x", "●"):
        assert word in won
    assert lines.index(won) < next(at for at, line in enumerate(lines) if line.startswith("json + bisect-list"))
    assert "strange (gated): strange is gated" in out
    assert "memory over the workload: orjson + sorted-dict 3.0 MiB" in out.lower().replace("mib", "MiB")
    assert "400 rounds in 6 fresh" in " ".join(out.split())
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("slot", ["codec.json", "codec (json)", "json", "pipeline", "decoder"])
def test_why_takes_a_slot_as_it_is_typed(mainspring, profile, slot):
    """A codec's slot may be written as in the config, and a race by its name."""
    save(profile)
    code, out, _ = mainspring("tune", "why", slot)
    assert code == 0
    assert "by the race of pipeline" in out


def test_why_is_of_the_latest_tune(mainspring, profile):
    """Without a configuration, `why` explains what this host was tuned for last, whatever else it was tuned for."""
    save(profile)
    pipeline, chunk = profile.decisions
    later = msgspec.structs.replace(
        profile,
        workload="d" * 64,
        workload_description="a day of captures",
        tuned_at="2026-11-27T09:00:00+00:00",
        decisions=(msgspec.structs.replace(pipeline, slots=DEFAULT, because="nothing beat it"), chunk),
    )
    save(later)
    code, out, _ = mainspring("tune", "why", "book")
    assert (code, out.splitlines()[0]) == (0, "book: bisect-list, by the race of pipeline")
    assert "for a day of captures" in " ".join(out.split())
    code, out, _ = mainspring("tune", "why", "book", "--set", "seed=2")
    assert (code, out.splitlines()[0]) == (0, "book: sorted-dict, by the race of pipeline")


def test_why_of_another_workload_names_it(mainspring, profile):
    """For a configuration that wasn't raced, `why` doesn't tell of the nearest as if it were its own."""
    save(profile)
    code, out, err = mainspring("tune", "why", "book", "--set", "feed.seconds=7")
    assert (code, out) == (2, "")
    assert "there is no profile of this workload" in err
    assert "(other messages)" in " ".join(err.split())


def test_why_of_a_race_without_time(mainspring, profile):
    """A slot whose race there was no time for says so, and which budget has it."""
    because = "there was no time left for it. It needs 23 s here, which `mainspring tune --budget 90s` has"
    save(msgspec.structs.replace(profile, skipped=(Skipped(race="gc", slots=("gc",), because=because),)))
    code, _, err = mainspring("tune", "why", "gc")
    assert code == 2
    assert "gc wasn't raced when this host was tuned for generated by simulated" in " ".join(err.split())
    assert "--budget 90s" in err


def test_a_state_folder_that_cannot_be_written_is_noticed_first(mainspring, tuned, monkeypatch, tmp_path):
    """Before anything is raced, it is an error if the profile couldn't be kept."""
    asks = tuned()
    (tmp_path / "state").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    code, out, err = mainspring("tune")
    assert (code, out, asks) == (2, "", [])
    assert "can't write the host profile" in err
    assert "Set XDG_STATE_HOME" in err


def test_why_as_json(mainspring, profile):
    """`--json` prints the decision whole."""
    save(profile)
    _, out, _ = mainspring("tune", "why", "chunk", "--json")
    assert json.loads(out)["candidates"][1]["name"] == "128"


def test_show_lists_profiles_with_their_state(mainspring, profile):
    """Fresh, stale, foreign and refused ones are told apart, each with its reason."""
    assert "mainspring tune" in mainspring("tune", "show")[1]
    save(profile)
    path = save(msgspec.structs.replace(profile, workload="b" * 64, mainspring="0.0.1"))
    broken = save(msgspec.structs.replace(profile, workload="c" * 64))
    broken.write_bytes(broken.read_bytes()[:100])
    _, out, _ = mainspring("tune", "show")
    text = " ".join(out.split())
    assert "fresh: generated by simulated" in text
    assert "won: orjson + sorted-dict; the whole lane 1.22x as good [1.15, 1.29]" in text
    assert "stale: generated by simulated" in text
    assert "mainspring 0.0.1 became" in text
    assert "refused:" in text
    listed = json.loads(mainspring("tune", "show", "--json")[1])
    assert {one["file"] for one in listed} >= {str(path), str(broken)}


@pytest.mark.parametrize(("high", "code"), [(0.97, 1), (1.02, 0)])
def test_check_ends_with_one_where_the_tuned_lane_is_slower(mainspring, monkeypatch, profile, high, code):
    """`check` prints the verdict, and its exit code is the verdict's."""
    save(profile)
    paired = Paired(gain=0.95, low=0.93, high=high, rounds=8, because="as given")
    monkeypatch.setattr("mainspring.cli.tune.check_tuned", lambda *_a, **_k: paired)
    ended, out, _ = mainspring("tune", "check")
    assert ended == code
    assert "0.950x as good" in out


def test_a_profile_goes_from_machine_to_machine(mainspring, profile, tmp_path):
    """What --export wrote, --import takes, and the session follows it."""
    save(profile)
    file = tmp_path / "fleet.json"
    assert mainspring("tune", "--export", file)[0] == 0
    for one in listing():
        one.path.unlink()
    code, out, _ = mainspring("tune", "--import", file)
    assert code == 0
    assert "this host's profile now" in out
    plan = json.loads(mainspring("explain", "--json")[1])
    slots = {slot["slot"]: slot for slot in plan["slots"]}
    assert (slots["book"]["plugin"], slots["book"]["rule"]) == ("sorted-dict", "profile")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tune", "--budget", "0"), "need at least 10s"),
        (("tune", "--budget", "soon"), "takes a time such as 60s"),
        (("tune", "absent.toml"), "absent.toml: no such file"),
        (("tune", "--capture", "nothing.gz"), "nothing.gz"),
        (("tune", "--import", "absent.json"), "absent.json can't be read"),
        (("tune", "--import", "a.json", "--export", "b.json"), "--import excludes other options"),
        (("tune", "--export", "b.json"), "there is no profile"),
        (("tune", "why", "book"), "there is no profile: no race of this workload"),
        (("tune", "check"), "there is no profile"),
    ],
)
def test_wrong_input_says_what_to_do(mainspring, monkeypatch, tmp_path, arguments, said):
    """Wrong input ends with exit code 2 and one error that names the place and the remedy."""
    monkeypatch.chdir(tmp_path)
    code, out, err = mainspring(*arguments)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert "Traceback" not in err


def test_an_unknown_slot_names_those_that_were_raced(mainspring, profile):
    """Asking after a slot that no race decided lists those that one did."""
    save(profile)
    code, _, err = mainspring("tune", "why", "router")
    assert code == 2
    assert "Raced were: decoder, codec.json, book, chunk" in " ".join(err.split())
