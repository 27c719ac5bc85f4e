"""Who takes part in a race."""

import msgspec
import pytest

from mainspring.host.plan import Setting
from mainspring.seams import Needs
from mainspring.tuning.candidates import CHUNKS, pipelines, settings
from mainspring.tuning.uses import Uses

DECLARED = Uses(decoder=True, book=True, codec_by_decoder={"python": True, "own": False})


@pytest.fixture
def small(make_small_registry):
    return make_small_registry()


@pytest.fixture
def make_small_registry(registry):
    """Our registry's feed and the rest, with two decoders, two JSON codecs, two books, and more offers where given."""
    from mainspring.host.offers import freeze
    from mainspring.host.registry import Registry
    from mainspring.seams import SEAMS

    def make(**more):
        kept = {
            "decoder": ("python",),
            "codec": ("orjson", "msgspec", "msgpack"),
            "book": ("bisect-list", "sorted-dict"),
        }
        offers = {
            seam: {name: one for name, one in registry.offers(seam).items() if name in kept.get(seam, (name,))}
            for seam in SEAMS
        }
        python = offers["decoder"]["python"]
        offers["decoder"]["own"] = msgspec.structs.replace(python, name="own", rank=0)
        for name, needs in more.items():
            book = msgspec.structs.replace(offers["book"]["sorted-dict"], name=name, needs=needs)
            offers["book"][name] = book
        return Registry(freeze(offers), [])

    return make


def names(field):
    return [one.name for one in field.candidates]


def test_pipelines_are_what_decoder_codec_and_book_form(small, planned):
    """Every decoder with every codec that it calls and every book, the default first, decoders in turns."""
    field = pipelines(planned(small), small, DECLARED, {})
    assert names(field) == [
        "python + orjson + bisect-list",
        "own + bisect-list",
        "python + orjson + sorted-dict",
        "own + sorted-dict",
        "python + msgspec + bisect-list",
        "python + msgspec + sorted-dict",
    ]
    assert field.candidates[3].slots == {"decoder": "own", "codec (json)": "orjson", "book": "sorted-dict"}
    assert field.candidates[4].versions["codec msgspec"].startswith("mainspring ")


def test_a_pin_stays(small, planned):
    """What the config pins isn't varied, nor is it in the names."""
    field = pipelines(planned(small, "book.plugin=sorted-dict"), small, DECLARED, {})
    assert names(field) == ["python + orjson", "own", "python + msgspec"]
    assert {one.slots["book"] for one in field.candidates} == {"sorted-dict"}


def test_all_pinned_is_no_race(small, planned):
    """With every slot pinned there is nothing to race, and the reason names each key."""
    pinned = ("decoder.plugin=own", "codec.json=orjson", "book.plugin=sorted-dict")
    field = pipelines(planned(small, *pinned), small, DECLARED, {})
    assert not field.is_race
    assert field.because == (
        "decoder is pinned by --set decoder.plugin; codec (json) is pinned by --set codec.json; "
        "book is pinned by --set book.plugin"
    )


def test_what_is_never_used_is_not_varied(small, planned):
    """A feed that isn't declared has no decoder to choose, and one without a book no book."""
    uses = Uses(decoder=False, book=False, codec_by_decoder={"python": True})
    assert names(pipelines(planned(small), small, uses, {})) == ["orjson", "msgspec"]


def test_the_unusable_is_told_of(make_small_registry, planned):
    """A plugin that can't run here doesn't race, and the reason is kept."""
    registry = make_small_registry(vector=Needs(packages=("no_such_package",)))
    field = pipelines(planned(registry), registry, DECLARED, {})
    assert not any("vector" in name for name in names(field))
    assert "no_such_package" in field.unusable["vector"]


def test_options_are_for_who_takes_them(small, planned):
    """A slot with options races those only that take them."""
    field = pipelines(planned(small), small, DECLARED, {"book": {"levels": 5}})
    assert field.unusable["sorted-dict"] == "has no such option as the config gives: levels"


def test_a_candidate_fills_the_plan(small, planned):
    """Filling changes the candidate's slots and nothing else."""
    plan = planned(small)
    candidate = pipelines(plan, small, DECLARED, {}).candidates[3]
    filled = candidate.fill(plan)
    assert (filled.decoder.plugin, filled.codec.plugin, filled.book.plugin) == ("own", "orjson", "sorted-dict")
    assert msgspec.structs.replace(filled, decoder=plan.decoder, book=plan.book) == plan


def test_settings_race_from_their_default():
    """The default comes first, once, and a pinned value alone."""
    assert names(settings(Setting(slot="chunk", value=512), CHUNKS)) == ["512", "128", "2048"]
    pinned = settings(Setting(slot="chunk", value=64, rule="pinned", because="pinned by x.toml:3"), CHUNKS)
    assert (names(pinned), pinned.because) == (["64"], "chunk is pinned by x.toml:3")


def test_only_keeps_the_default(small, planned):
    """A field cut to some names keeps its default beside them."""
    field = pipelines(planned(small), small, DECLARED, {}).only(["own + sorted-dict", "of old"])
    assert names(field) == ["python + orjson + bisect-list", "own + sorted-dict"]
