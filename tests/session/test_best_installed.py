"""What is installed and best runs unasked, and what runs makes no difference to the result."""

import importlib.metadata
import json

import pytest

from mainspring.host import native_part
from mainspring.host.native_part import why_not_native
from mainspring.host.registry import Registry

PARTS = {
    "as-installed": (),
    "python": ("decoder.plugin=python", "book.plugin=bisect-list"),
    "native-decoder": ("decoder.plugin=native", "book.plugin=sorted-dict"),
    "native-book": ("decoder.plugin=python", "book.plugin=ladder"),
    "btree": ("decoder.plugin=native", "book.plugin=btree"),
}


@pytest.fixture
def run(mainspring, tmp_path, monkeypatch):
    """Runs the reference session, cut to 20 seconds; returns its report without times and parts, and the parts."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*settings):
        words = [word for one in ("feed.seconds=20", *settings) for word in ("--set", one)]
        code, out, err = mainspring("run", "--json", "--quiet", *words)
        assert code == 0, err
        report = json.loads(out)
        slots = {one["slot"]: one for one in report.pop("slots")}
        for timed in ("timing", "host", "races"):
            report.pop(timed, None)
        return report, slots, err

    return run


@pytest.fixture
def registry():
    found = Registry.load()
    if why_not_native(found) is not None:
        pytest.skip(f"absent: {why_not_native(found)}")
    return found


def test_the_native_decoder_and_book_run_unasked(run, registry):
    """Without a word in the config, the compiled parts are chosen by their rank, and the session says nothing of it."""
    _, slots, err = run()
    assert (slots["decoder"]["plugin"], slots["book"]["plugin"]) == ("native", "ladder")
    assert err == ""


@pytest.mark.parametrize("parts", [one for one in PARTS if one != "python"])
def test_the_result_is_the_same_whatever_runs(run, registry, parts):
    """Decoder and book change nothing in the report: orders, fills, profit and the order log's digest."""
    plain, _, _ = run(*PARTS["python"])
    other, _, _ = run(*PARTS[parts])
    assert other == plain
    assert plain["order_log_sha256"]
    assert plain["order_log_records"] > 100


def test_without_the_native_part_python_runs_and_the_command_is_named(run, mainspring, monkeypatch):
    """Not installed: the run, the plan and the list of plugins say so, with the one command that gets it."""
    everything = Registry.load

    def without(allow=("mainspring",), **options):
        return everything([name for name in allow if name != "mainspring-native"], **options)

    monkeypatch.setattr(Registry, "load", without)
    _, slots, err = run()
    assert (slots["decoder"]["plugin"], slots["book"]["plugin"]) == ("python", "bisect-list")
    command = native_part._install_command()
    assert f"mainspring-native isn't installed; `{command}` gets it" in err
    assert command in slots["book"]["because"]
    assert f"`{command}` gets it" in mainspring("plugins", "list")[1]
    assert command in json.loads(mainspring("plugins", "list", "--json")[1])["native"]
    # Who has pinned both knows what runs.
    assert run(*PARTS["python"])[2] == ""


def test_a_native_part_that_was_not_built_says_why(registry, monkeypatch):
    """Installed and not built: its own reason and remedy are what the run says."""
    reason = "can't be used: the native module isn't here: cargo wasn't found"
    monkeypatch.setattr(native_part, "why_unusable", lambda needs: reason)
    assert why_not_native(registry) == f"mainspring-native {reason}"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"direct_url.json": '{"url": "file:///src", "dir_info": {"editable": true}}'}, "uv sync --extra native"),
        ({"INSTALLER": "uv\n"}, "uv pip install mainspring-native"),
        ({"INSTALLER": "pip\n"}, "pip install mainspring-native"),
        ({}, "pip install mainspring-native"),
    ],
    ids=["checkout", "uv", "pip", "unknown"],
)
def test_the_command_is_that_of_the_install(monkeypatch, files, command):
    """In a checkout its project gets it; from wheels, the installer that installed Mainspring."""

    class Distribution:
        def read_text(self, name):
            return files.get(name)

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution())
    assert native_part._install_command() == command
