"""A profile's decisions in a plan: what each slot is filled by then, and the words that say why."""

import msgspec
import pytest

from mainspring.host.plan import Choice, Plan, Setting, SourcePlan
from mainspring.host.profiles.model import CandidateRecord, Found
from mainspring.host.profiles.resolve import resolve
from mainspring.lane import StatisticsOptions
from mainspring.seams import Needs
from mainspring.telemetry import Budget

WON = "profile: fast + deep 14.2x over closures + plain [13.8, 14.7], fresh, 2026-11-26; runner-up fast + plain 13.9x"


class Depth(msgspec.Struct, forbid_unknown_fields=True):
    levels: int = 10


def choice(slot: str, plugin: str, rule: str = "default", because: str = "the default") -> Choice:
    return Choice(
        slot=slot, seam=slot.split()[0], plugin=plugin, distribution="acme", version="2.3", rule=rule, because=because
    )


@pytest.fixture
def make_plan():
    """Makes the plan that the config alone gives, with some of its fields replaced."""
    plan = Plan(
        origin="s.toml",
        mode="replay",
        seed=1,
        instruments=(),
        source=SourcePlan(name="a", captures=(), skip_bad=False),
        feed=choice("feed", "venue-a"),
        decoder=choice("decoder", "closures"),
        book=choice("book", "plain"),
        codec=choice("codec (json)", "text"),
        slippage=None,
        router=None,
        strategies=(),
        risk=(),
        missing_limits=(),
        market=StatisticsOptions(),
        budget=Budget(),
    )
    return lambda **changed: msgspec.structs.replace(plan, **changed)


def fresh(profile):
    return Found(freshness="fresh", because="raced 2026-11-26", profile=profile)


def raced(slot: str, value: str, other: str):
    """A race of a setting that `value` won over `other`."""
    candidates = (
        CandidateRecord(name=other, slots={slot: other}, standing="default", because=""),
        CandidateRecord(name=value, slots={slot: value}, standing="winner", because="", gain=1.5, low=1.4, high=1.6),
    )
    return {"race": slot, "slots": {slot: value}, "default": {slot: other}, "candidates": candidates}


def test_the_winner_takes_the_slots_with_its_evidence(make_plan, make_profile, acme):
    """Decoder, codec and book are filled by the pipeline that won; all else stays; each says why."""
    plan = resolve(make_plan(), fresh(make_profile()), acme(), {})
    assert [(one.slot, one.plugin, one.rule) for one in plan.choices()] == [
        ("feed", "venue-a", "default"),
        ("decoder", "fast", "profile"),
        ("codec (json)", "text", "profile"),
        ("book", "deep", "profile"),
    ]
    assert (plan.decoder.because, plan.codec.because, plan.book.because) == (WON, WON, WON)
    left = "the default; the races of 2026-11-26 didn't include it"
    assert [one.because for one in (plan.feed, plan.chunk, plan.gc)] == ["the default", left, left]


def test_stale_and_imported_are_said(make_plan, make_profile, acme):
    """The words of a stale profile, and of one that was raced on another machine."""
    profile = make_profile(imported_from="ff")
    plan = resolve(make_plan(), msgspec.structs.replace(fresh(profile), freshness="stale"), acme(), {})
    assert "[13.8, 14.7], stale, 2026-11-26, imported from an identical machine; runner-up" in plan.decoder.because


def test_without_a_profile_it_is_the_default(make_plan, acme):
    """Every open slot says why there is none; a pinned one says nothing of it."""
    found = Found(freshness="none", because="no race of this workload on this host")
    plan = resolve(make_plan(book=choice("book", "deep", "pinned", "pinned by s.toml:3")), found, acme(), {})
    assert plan.decoder == choice("decoder", "closures", because="the default; no race of this workload on this host")
    assert plan.book == choice("book", "deep", "pinned", "pinned by s.toml:3")
    assert plan.chunk.because == "the default; no race of this workload on this host"


def test_a_race_that_kept_the_default_says_so(make_plan, make_profile, make_decision, acme):
    """How far the best of the others came, and what it would have had to beat."""
    default, winner, third = make_decision().candidates
    near = msgspec.structs.replace(winner, standing="tied", gain=1.012, low=0.99, high=1.03)
    kept = make_decision(
        slots=default.slots, candidates=(default, near, msgspec.structs.replace(third, gain=0.8)), noise=0.034
    )
    plan = resolve(make_plan(), fresh(make_profile(decisions=(kept,))), acme(), {})
    assert (plan.decoder.plugin, plan.decoder.rule) == ("closures", "default")
    assert plan.decoder.because == (
        "the default; raced 2026-11-26: nothing beat it by more than 3.4%; best was fast + deep 1.01x [0.99, 1.03]"
    )


@pytest.mark.parametrize("why", [{"grade": "unfit"}, {"standing": "unconfirmed"}])
def test_a_default_kept_for_another_reason_gives_it(make_plan, make_profile, make_decision, acme, why):
    """An unfit host, or a leader that was refused: in the race's own words."""
    default, winner, third = make_decision().candidates
    candidates = (default, msgspec.structs.replace(winner, standing=why.get("standing", "tied")), third)
    kept = make_decision(
        slots=default.slots, candidates=candidates, grade=why.get("grade", "quiet"), because="that is why"
    )
    plan = resolve(make_plan(), fresh(make_profile(decisions=(kept,))), acme(), {})
    assert plan.book.because == "the default; raced 2026-11-26: that is why"


def test_settings_are_filled_too(make_plan, make_profile, make_decision, acme):
    """Chunk as a number, collector as a name, each by a race of its own."""
    decisions = tuple(make_decision(**race) for race in (raced("chunk", "2048", "512"), raced("gc", "freeze", "as-is")))
    plan = resolve(make_plan(), fresh(make_profile(decisions=decisions)), acme(), {})
    assert (plan.chunk.value, plan.chunk.rule, plan.gc.value) == (2048, "profile", "freeze")
    assert plan.chunk.because == "profile: 2048 1.50x over 512 [1.40, 1.60], fresh, 2026-11-26"


@pytest.mark.parametrize(("slot", "value"), [("chunk", "0"), ("chunk", "65537"), ("chunk", "-1"), ("gc", "all")])
def test_a_setting_that_cannot_be_is_not_taken(make_plan, make_profile, make_decision, acme, slot, value):
    """A value out of bounds leaves the default, and says so."""
    decision = make_decision(**raced(slot, value, str(getattr(make_plan(), slot).value)))
    plan = resolve(make_plan(), fresh(make_profile(decisions=(decision,))), acme(), {})
    setting = getattr(plan, slot)
    assert (setting.value, setting.rule) == (getattr(make_plan(), slot).value, "default")
    assert setting.because == (
        f"the default; the winner of the race of 2026-11-26, {value}, isn't used: {value!r} is no {slot}"
    )


def test_what_the_config_pins_stays(make_plan, make_profile, acme):
    """A pinned slot isn't filled by a race, nor does it matter whether what was raced there is still installed."""
    pinned = choice("book", "plain", "pinned", "pinned by s.toml:3")
    chunk = Setting(slot="chunk", value=64, rule="pinned", because="pinned by s.toml:4")
    plan = resolve(make_plan(book=pinned, chunk=chunk), fresh(make_profile()), acme(without=("deep",)), {})
    assert (plan.book, plan.chunk) == (pinned, chunk)
    assert (plan.decoder.plugin, plan.decoder.rule) == ("fast", "profile")


def test_a_winner_that_is_gone_is_not_taken(make_plan, make_profile, acme):
    """Without its book the pipeline isn't taken at all: what was raced together stays together."""
    plan = resolve(make_plan(), fresh(make_profile()), acme(without=("deep",)), {})
    assert [one.plugin for one in (plan.decoder, plan.codec, plan.book)] == ["closures", "text", "plain"]
    assert plan.decoder.because == (
        "the default; the winner of the race of 2026-11-26, fast + deep, isn't used: no book plugin is named 'deep'. "
        "There are: plain."
    )


def test_a_winner_that_cannot_run_here_is_not_taken(make_plan, make_profile, acme, make_offer):
    """It is installed, and lacks something."""
    offer = make_offer("book", "deep", needs=Needs(packages=("nowhere_to_be_found",)))
    plan = resolve(make_plan(), fresh(make_profile()), acme(offer, without=("deep",)), {})
    assert plan.book.plugin == "plain"
    assert "can't run here: it needs the package nowhere_to_be_found" in plan.book.because


def test_a_codec_of_another_format_is_not_taken(make_plan, make_profile, make_decision, acme):
    """A profile can't put a codec where it can't read."""
    default, winner, _ = make_decision().candidates
    slots = {**winner.slots, "codec (json)": "pack"}
    decision = make_decision(slots=slots, candidates=(default, msgspec.structs.replace(winner, slots=slots)))
    plan = resolve(make_plan(), fresh(make_profile(decisions=(decision,))), acme(), {})
    assert plan.codec.plugin == "text"
    assert "the codec 'pack' has another format" in plan.codec.because


def test_the_slots_options_go_to_the_winner(make_plan, make_profile, acme, make_offer):
    """Options that the config gives to whoever fills the slot are the winner's, decoded; if it has none such, it isn't
    taken."""
    registry = acme(make_offer("book", "deep", options=Depth), without=("deep",))
    plan = resolve(make_plan(), fresh(make_profile()), registry, {"book": {"levels": 5}})
    assert plan.book.options == Depth(levels=5)
    assert resolve(make_plan(), fresh(make_profile()), registry, {}).book.options == Depth()
    for options, words in (
        ({"depth": 5}, "the book 'deep' has no such option as the config gives: depth"),
        ({"levels": "x"}, "the book 'deep' doesn't take the config's options: Expected `int`, got `str`"),
    ):
        plan = resolve(make_plan(), fresh(make_profile()), registry, {"book": options})
        assert plan.book.plugin == "plain"
        assert words in plan.book.because
    plan = resolve(make_plan(), fresh(make_profile()), acme(), {"book": {"levels": 5}})
    assert "the book 'deep' has no such option as the config gives: levels" in plan.book.because
