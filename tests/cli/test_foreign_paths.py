"""Paths whose bytes aren't UTF-8: every command runs on them, and its JSON stays JSON."""

import json
import os
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")

SHORT = ("--set", "feed.seconds=5")


@pytest.fixture
def name(tmp_path):
    """A path that ends in a byte of Latin-1."""
    path = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    path.unlink()
    return path


def test_a_capture_of_any_name_is_run_with_its_report(mainspring, name):
    """Report, page and log are written under such names, from one lane and from several."""
    both = 'instruments=["BTC/USDT", "ETH/USDT"]'
    assert mainspring("data", "generate", name, *SHORT, "--set", both)[0] == 0
    outputs = ("--html", f"{name}.html", "--order-log", f"{name}.log", "--force")
    digests = []
    for lanes in ((), ("--set", "lanes=2", "--set", "hardware.pin=off")):
        code, out, _ = mainspring("run", "--capture", name, *outputs, "--json", *lanes)
        report = json.loads(out)
        assert code == 0
        assert report["feed"]["source"].endswith("caf\\xe9")
        digests.append([one["net"] for one in report["instruments"]])
    assert digests[0] == digests[1]


def test_a_config_of_any_name_is_explained(mainspring, name):
    """`init` writes it, `explain` and `verify` print JSON about it."""
    assert mainspring("init", name)[0] == 0
    code, out, _ = mainspring("explain", name, "--json")
    assert code == 0
    assert json.loads(out)["config"].endswith("caf\\xe9")
