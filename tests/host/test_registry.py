import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import DuplicatePlugin, PluginError, PluginLoadError, UnknownPlugin, UnusablePlugin
from mainspring.host.registry import OURS, Registry
from mainspring.seams import SEAMS

BOOK = """
from mainspring.seams import Needs, hookimpl

class Book:
    def __init__(self, instrument): ...

@hookimpl
def register_books(catalogue):
    catalogue.add({name!r}, Book, summary="a book"{more})
"""


def book(name: str, more: str = "") -> str:
    return BOOK.format(name=name, more=more)


def test_an_allowed_distribution_is_loaded(install: Callable[..., Any]) -> None:
    """What an allowed distribution offers is there by name, with the distribution and version that it came from."""
    install("acme-books", {"acme_books": book("acme", ", capabilities={'fast': True}")}, version="2.3")
    registry = Registry.load(["acme-books"])
    offer = registry.get("book", "acme")
    assert (offer.distribution, offer.version, offer.summary) == ("acme-books", "2.3", "a book")
    assert offer.capabilities == {"fast": True}
    assert list(registry.offers("book")) == ["acme"]


@pytest.mark.parametrize(
    ("seam", "hook"),
    [
        ("feed", "register_feeds"),
        ("book", "register_books"),
        ("codec", "register_codecs"),
        ("slippage", "register_slippage"),
        ("risk", "register_risk_checks"),
        ("router", "register_routers"),
        ("queue", "register_queues"),
        ("latency", "register_latencies"),
        ("receiver", "register_receivers"),
        ("records", "register_records"),
        ("journal", "register_journals"),
        ("strategy", "register_strategies"),
    ],
)
def test_every_seam_is_provided_by_its_hook(install: Callable[..., Any], seam: str, hook: str) -> None:
    """A plugin fills the seam of the hook that it implements and no other, and its factory arrives as it is."""
    capabilities = ", capabilities=dict(format='json', strict=True)"
    install("acme", {"acme_plugin": book("acme", capabilities).replace("register_books", hook)})
    registry = Registry.load(["acme"])
    assert {one: list(registry.offers(one)) for one in SEAMS} == {one: ["acme"] * (one == seam) for one in SEAMS}
    assert registry.get(seam, "acme").factory is sys.modules["acme_plugin"].Book


@pytest.mark.parametrize("spelling", ["acme-books", "Acme_Books", "ACME.books"])
def test_a_distribution_may_be_spelt_as_installers_allow(install: Callable[..., Any], spelling: str) -> None:
    """Case, and the choice of "-", "_" and ".", make no difference in [plugins] allow."""
    install("acme-books", {"acme_books": book("acme")})
    assert Registry.load([spelling]).get("book", "acme").name == "acme"


def test_a_distribution_that_is_not_allowed_is_listed_and_not_imported(
    install: Callable[..., Any], tmp_path: Path
) -> None:
    """Nothing of a distribution that the config doesn't allow runs: its module would leave a file behind."""
    witness = tmp_path / "imported"
    source = f"open({str(witness)!r}, 'w').close()\n" + book("acme")
    install("acme-books", {"acme_books": source}, version="2.3")
    registry = Registry.load(["somebody-else"])
    blocked = {one.distribution: one for one in registry.blocked}
    assert (blocked["acme-books"].version, blocked["acme-books"].modules) == ("2.3", ("acme_books",))
    assert not witness.exists()
    assert "acme_books" not in sys.modules
    assert not registry.offers("book")
    Registry.load(["acme-books"])
    assert witness.exists()


def test_an_allowed_distribution_is_not_listed_as_blocked(install: Callable[..., Any]) -> None:
    """The list of what wasn't loaded holds only what wasn't loaded."""
    install("acme-books", {"acme_books": book("acme")})
    install("other-books", {"other_books": book("other")})
    names = {one.distribution for one in Registry.load(["acme-books"]).blocked}
    assert "other-books" in names
    assert "acme-books" not in names


def test_one_name_in_two_distributions_is_an_error_that_names_both(install: Callable[..., Any]) -> None:
    """Nothing is renamed or skipped where two plugins claim a name."""
    install("acme-books", {"acme_books": book("ladder")}, version="1.0")
    install("other-books", {"other_books": book("ladder")}, version="2.0")
    with pytest.raises(DuplicatePlugin, match=r"acme-books 1\.0.*other-books 2\.0") as caught:
        Registry.load(["acme-books", "other-books"])
    assert caught.value.distribution == "other-books"


def test_one_name_in_two_seams_is_no_clash(install: Callable[..., Any]) -> None:
    """Names are per seam."""
    other = book("acme").replace("register_books", "register_slippage")
    install("acme", {"acme_books": book("acme"), "acme_slippage": other})
    registry = Registry.load(["acme"])
    assert registry.get("book", "acme").seam == "book"
    assert registry.get("slippage", "acme").seam == "slippage"


def test_the_best_that_can_run_here_is_chosen(install: Callable[..., Any]) -> None:
    """The highest rank wins, unless it can't run here; what has no rank is never chosen unasked."""
    install("acme-plain", {"acme_plain": book("plain", ", rank=10")})
    install("acme-fast", {"acme_fast": book("fast", ", rank=20")})
    install("acme-faster", {"acme_faster": book("faster", ", rank=30, needs=Needs(missing='no FPGA here')")})
    install("acme-unranked", {"acme_unranked": book("unranked")})
    registry = Registry.load(["acme-plain", "acme-fast", "acme-faster", "acme-unranked"])
    assert [offer.name for offer in registry.ranked("book")] == ["faster", "fast", "plain"]
    assert registry.best("book").name == "fast"


def test_two_offers_of_one_rank_are_an_error(install: Callable[..., Any]) -> None:
    """Which of them would be chosen unasked isn't left to chance; the error names both."""
    install("acme-books", {"acme_books": book("ladder", ", rank=10")})
    install("other-books", {"other_books": book("tree", ", rank=10")})
    with pytest.raises(
        DuplicatePlugin, match=r"seam book have rank 10: 'ladder' of acme-books and 'tree' of other-books"
    ):
        Registry.load(["acme-books", "other-books"])


CODECS = """
from mainspring.seams import hookimpl

@hookimpl
def register_codecs(catalogue):
    for name, form in {pairs!r}:
        catalogue.add(name, object, summary="a codec", rank=10,
                      capabilities=dict(format=form, strict=True))
"""


def test_the_best_codec_is_chosen_for_each_format(install: Callable[..., Any]) -> None:
    """Ranks of JSON codecs and of msgpack codecs don't meet."""
    install("acme", {"acme_codecs": CODECS.format(pairs=[("a", "json"), ("b", "msgpack")])})
    registry = Registry.load(["acme"])
    assert registry.best("codec", format="json").name == "a"
    assert registry.best("codec", format="msgpack").name == "b"
    install("other", {"other_codecs": CODECS.format(pairs=[("c", "json")])})
    with pytest.raises(DuplicatePlugin, match="seam codec have rank 10"):
        Registry.load(["acme", "other"])


@pytest.mark.parametrize(
    ("source", "cause", "text"),
    [
        ("import no_such_module_at_all\n", ModuleNotFoundError, "no_such_module_at_all"),
        ("raise RuntimeError('bad day')\n", RuntimeError, "bad day"),
        ("this is no Python\n", SyntaxError, "invalid syntax"),
        ("import sys\nsys.exit('no licence')\n", SystemExit, "no licence"),
    ],
)
def test_a_module_that_cannot_be_imported_names_its_distribution(
    install: Callable[..., Any], source: str, cause: type[BaseException], text: str
) -> None:
    """Whatever a stranger's module raises becomes an error that says whose it is, with the cause chained."""
    install("acme-books", {"acme_books": source}, version="2.3")
    with pytest.raises(PluginLoadError, match=r"'acme_books' \(acme_books\) of acme-books 2\.3") as caught:
        Registry.load(["acme-books"])
    assert caught.value.distribution == "acme-books"
    assert isinstance(caught.value.__cause__, cause)
    assert text in str(caught.value)


def test_an_entry_point_to_nothing_names_its_distribution(install: Callable[..., Any]) -> None:
    """An entry point whose module or object isn't there is an error of its distribution."""
    install("acme-books", {"acme_books": book("acme")}, entry_points={"books": "acme_books:no_such_object"})
    with pytest.raises(PluginLoadError, match="acme-books"):
        Registry.load(["acme-books"])


def test_a_misspelt_hook_is_an_error(install: Callable[..., Any]) -> None:
    """A hook that doesn't exist isn't passed over; the error names it, its distribution and the hooks there are."""
    install("acme-books", {"acme_books": book("acme").replace("register_books", "register_bookss")})
    with pytest.raises(PluginLoadError, match=r"acme-books 1\.0.*register_bookss.*register_books") as caught:
        Registry.load(["acme-books"])
    assert caught.value.distribution == "acme-books"


def test_a_module_without_a_hook_is_an_error(install: Callable[..., Any]) -> None:
    """A forgotten @hookimpl would otherwise offer nothing, silently."""
    install("acme-books", {"acme_books": book("acme").replace("@hookimpl", "")})
    with pytest.raises(PluginLoadError, match=r"acme-books.*has no hook; mark one of register_feeds"):
        Registry.load(["acme-books"])


def test_a_hook_with_other_parameters_is_an_error(install: Callable[..., Any]) -> None:
    """A hook that asks for what it isn't given fails when it is registered."""
    install("acme-books", {"acme_books": book("acme").replace("(catalogue)", "(registry)")})
    with pytest.raises(PluginLoadError, match="acme-books"):
        Registry.load(["acme-books"])


def test_a_hook_that_raises_names_its_distribution(install: Callable[..., Any]) -> None:
    """A hook's exception is chained to an error that names the hook and the distribution."""
    install("acme-books", {"acme_books": book("acme") + "    1 / 0\n"})
    with pytest.raises(PluginLoadError, match=r"register_books of acme-books:acme_books .*ZeroDivisionError") as caught:
        Registry.load(["acme-books"])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.distribution == "acme-books"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ('catalogue.add("Acme", object, summary="x")', "lower case"),
        ('catalogue.add("acme_books", object, summary="x")', "hyphens"),
        ('catalogue.add("", object, summary="x")', "lower case"),
        ('catalogue.add("acme", object, summary="")', "summary"),
        ('catalogue.add("acme", object, summary="two\\nlines")', "one-line summary"),
        ('catalogue.add("acme", None, summary="x")', "factory isn't callable"),
    ],
)
def test_an_offer_that_breaks_the_rules_is_an_error(install: Callable[..., Any], call: str, text: str) -> None:
    """Names, summaries and factories are held to the catalogue's contract."""
    source = f"from mainspring.seams import hookimpl\n@hookimpl\ndef register_books(catalogue):\n    {call}\n"
    install("acme-books", {"acme_books": source})
    with pytest.raises(PluginError, match=text) as caught:
        Registry.load(["acme-books"])
    assert caught.value.distribution == "acme-books"


def test_a_codec_says_what_it_is(install: Callable[..., Any]) -> None:
    """A codec without the capabilities that its seam requires is refused when it is offered."""
    source = book("acme").replace("register_books", "register_codecs")
    install("acme-books", {"acme_books": source})
    with pytest.raises(PluginError, match="required capabilities are missing: format, strict"):
        Registry.load(["acme-books"])


def test_a_risk_check_is_named_as_its_key_in_the_config(install: Callable[..., Any]) -> None:
    """Risk checks are named with underscores, and hyphens are refused there."""
    source = book("max_loss").replace("register_books", "register_risk_checks")
    install("acme", {"acme_risk": source})
    assert Registry.load(["acme"]).get("risk", "max_loss").name == "max_loss"
    install("other", {"other_risk": source.replace("max_loss", "max-loss")})
    with pytest.raises(PluginError, match="underscores"):
        Registry.load(["other"])


def test_the_offers_are_frozen_after_loading(install: Callable[..., Any]) -> None:
    """A catalogue that a hook kept takes nothing later, and the mappings can't be written to."""
    install("acme-books", {"acme_books": book("acme") + "    global kept\n    kept = catalogue\n"})
    registry = Registry.load(["acme-books"])
    kept = sys.modules["acme_books"].kept
    with pytest.raises(PluginError, match="after loading has ended"):
        kept.add("late", object, summary="a late book")
    assert list(registry.offers("book")) == ["acme"]
    with pytest.raises(TypeError):
        registry.offers("book")["late"] = registry.get("book", "acme")  # type: ignore[index]
    with pytest.raises(TypeError):
        registry.get("book", "acme").capabilities["fast"] = True  # type: ignore[index]
    with pytest.raises(AttributeError):
        registry.get("book", "acme").name = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        registry.blocked = ()  # type: ignore[misc]


def test_a_distribution_that_is_on_the_path_twice_counts_once(install: Callable[..., Any]) -> None:
    """The first one on the path is the one that Python imports from, so it is the one that counts."""
    install("acme-books", {"acme_books": book("old")}, version="1.0", folder="behind")
    install("acme_books", {"acme_books": book("new")}, version="2.0", folder="in-front")
    registry = Registry.load(["acme-books"])
    assert list(registry.offers("book")) == ["new"]
    assert registry.get("book", "new").version == "2.0"


def test_loading_is_atomic(install: Callable[..., Any]) -> None:
    """One bad plugin among good ones leaves no registry, and fixing it needs no clean-up."""
    install("acme-books", {"acme_books": book("acme")})
    site = install("bad-books", {"bad_books": book("bad") + "    1 / 0\n"})
    with pytest.raises(PluginLoadError):
        Registry.load(["acme-books", "bad-books"])
    (site / "bad_books.py").write_text(book("fixed"), encoding="utf-8")
    del sys.modules["bad_books"]
    registry = Registry.load(["acme-books", "bad-books"])
    assert list(registry.offers("book")) == ["acme", "fixed"]


def test_what_loads_does_not_depend_on_the_order_of_the_path(install: Callable[..., Any]) -> None:
    """Distributions load by name, so that the same installation always gives the same registry."""
    install("b-books", {"b_books": book("b")}, folder="one")
    install("a-books", {"a_books": book("a")}, folder="two")
    install("c-books", {"c_books": book("c")}, folder="three")
    assert list(Registry.load(["c-books", "a-books", "b-books"]).offers("book")) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ("packages=('no_such_package',)", "needs the package no_such_package"),
        ("packages=('no_such_package.inside',)", "needs the package no_such_package.inside"),
        ("platforms=('amiga',)", f"needs the platform amiga; this is {sys.platform}"),
        ("instruction_sets=('no-such-set',)", "needs the instruction set no-such-set"),
    ],
)
def test_a_plugin_that_cannot_run_here_says_why(install: Callable[..., Any], needs: str, reason: str) -> None:
    """An unusable plugin is listed; asking for it is an error with the reason."""
    install("acme-books", {"acme_books": book("acme", f", needs=Needs({needs}), rank=10")})
    registry = Registry.load(["acme-books"])
    assert "acme" in registry.offers("book")
    asks: list[Callable[[], Any]] = [lambda: registry.get("book", "acme"), lambda: registry.best("book")]
    for ask in asks:
        with pytest.raises(UnusablePlugin, match="'acme' of acme-books can't run here") as caught:
            ask()
        assert reason in str(caught.value)
        assert caught.value.distribution == "acme-books"


def test_an_optional_library_that_cannot_be_imported_makes_its_plugin_unusable(install, tmp_path, monkeypatch):
    """A library that is there and broken, built for another Python say, is told with its reason; the others go on."""
    (tmp_path / "broken_library.py").write_text("raise ImportError('undefined symbol: PyLong_x')\n")
    (tmp_path / "exiting_library.py").write_text("print('hello'); raise SystemExit(0)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for library, reason in (("broken_library", "ImportError: undefined symbol: PyLong_x"), ("exiting_library", "0")):
        install(f"acme-{library}", {f"acme_{library}": book("acme", f", needs=Needs(packages=({library!r},))")})
        registry = Registry.load([f"acme-{library}"])
        with pytest.raises(UnusablePlugin, match=f"needs the package {library}, which can't be imported: .*{reason}"):
            registry.get("book", "acme")


def test_an_unknown_name_brings_the_nearest_one(install: Callable[..., Any]) -> None:
    """A misspelt plugin name is answered with the nearest right one and all that there are."""
    install("acme-books", {"acme_books": book("sorted-vec")})
    registry = Registry.load(["acme-books"])
    with pytest.raises(UnknownPlugin, match=r"'sorted-vek'; did you mean \"sorted-vec\"\? There are: sorted-vec\."):
        registry.get("book", "sorted-vek")
    with pytest.raises(UnknownPlugin, match=r"'quite-else'\. There are: sorted-vec\."):
        registry.get("book", "quite-else")


def test_an_unknown_name_brings_what_was_not_loaded(install: Callable[..., Any]) -> None:
    """A plugin that isn't there may be in a distribution that isn't allowed, or allowed and not installed."""
    install("acme-books", {"acme_books": book("acme")})
    with pytest.raises(UnknownPlugin) as caught:
        Registry.load(["mainspring-native", "acme-bookz"]).get("book", "acme")
    assert "allow doesn't list them: acme-books" in str(caught.value)
    assert "Allowed but not installed: acme-bookz." in str(caught.value)


def test_a_seam_without_a_ranked_offer_says_so(install: Callable[..., Any]) -> None:
    """Where nothing may be chosen unasked, the remedy is to name one."""
    install("acme-books", {"acme_books": book("acme")})
    with pytest.raises(UnknownPlugin, match="name one in the config"):
        Registry.load(["acme-books"]).best("book")


def test_nothing_is_loaded_at_import_time() -> None:
    """Importing Mainspring and its registry imports no plugin: that is what `load` is for."""
    code = (
        "import sys, mainspring, mainspring.host.registry, mainspring.seams\n"
        "loaded = [name for name in sys.modules if name.startswith('mainspring_plugins')]\n"
        "sys.exit(f'imported: {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_built_in_plugins_load_by_every_hook() -> None:
    """Our own plugins come by the same entry points as a stranger's, and every seam has one to choose."""
    registry = Registry.load(OURS)
    for seam in SEAMS:
        assert registry.offers(seam), f"no {seam} plugin"
        assert {offer.distribution for offer in registry.offers(seam).values()} <= set(OURS)
    for seam in ("feed", "book", "slippage", "router"):
        assert registry.best(seam).rank
    assert registry.best("codec", format="json").capabilities["strict"]
    assert registry.best("codec", format="msgpack").capabilities["strict"]
