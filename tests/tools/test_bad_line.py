"""Seeds of sessions over a bad line: what is run and printed."""

from collections import Counter

import pytest

from mainspring_tools.bad_line import __main__ as tool


def test_seeds_are_run_and_counted(capsys):
    """Each router in turn, with crashes and without."""
    assert tool.main(["--seeds", "2:4"]) == 0
    printed = capsys.readouterr().out
    assert "2 seeds" in printed
    assert "0 failed: []" in printed
    assert "2 crash" in printed


def test_a_seed_that_fails_is_named(capsys, monkeypatch):
    """Without `--keep-going` it ends there; with it, all are run."""
    ran = []

    def run_seed(router, seed, folder, registry):
        ran.append((router, seed))
        if seed == 5:
            raise AssertionError("positions are [1], and [2] there")
        return Counter()

    monkeypatch.setattr(tool, "run_seed", run_seed)
    assert tool.main(["--seeds", "4:7", "--keep-going"]) == 1
    assert ran == [("binance-spot", 4), ("binance-spot", 5), ("binance-usdm", 6)]
    said = capsys.readouterr()
    assert "1 failed: ['binance-spot 5']" in said.out
    assert "positions are [1]" in said.err
    with pytest.raises(AssertionError, match="positions are"):
        tool.main(["--seeds", "5", "--router", "alpaca"])
    assert ran[-1] == ("alpaca", 5)
