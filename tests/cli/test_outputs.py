"""What commands write: never over what they read or over one another, and whole or not at all."""

import errno
import os

import pytest

from mainspring.errors import DataError

SHORT = ("--set", "feed.seconds=5")


@pytest.fixture
def capture(mainspring, tmp_path):
    """A generated session as a compressed capture, the only file in its folder."""
    path = tmp_path / "v.gz"
    assert mainspring("data", "generate", path, *SHORT)[0] == 0
    return path


@pytest.fixture
def full_disk(monkeypatch):
    """From here on no file reaches the disk."""

    def fail(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("option", ["--order-log", "--html"])
def test_an_output_over_the_capture_is_refused(mainspring, capture, option):
    """Neither report nor log is written over the recording, by another spelling either, nor does --force do it."""
    before = capture.read_bytes()
    link = capture.with_name("link")
    link.symlink_to(capture)
    for target in (capture, link):
        code, out, err = mainspring("run", "--capture", capture, option, target, "--force")
        assert (code, out) == (2, "")
        assert f"{target} is an input of this command" in err
    assert capture.read_bytes() == before


@pytest.mark.parametrize("option", ["--order-log", "--html"])
def test_an_output_over_the_config_is_refused(mainspring, tmp_path, option):
    """A configuration survives being named as an output."""
    config = tmp_path / "s.toml"
    mainspring("init", config)
    before = config.read_bytes()
    code, _, err = mainspring("run", config, *SHORT, option, config, "--force")
    assert code == 2
    assert "is an input of this command" in err
    assert config.read_bytes() == before


def test_two_outputs_in_one_file_are_refused(mainspring, tmp_path):
    """A page and a log can't share a file; nothing is run and nothing written."""
    out = tmp_path / "out"
    code, _, err = mainspring("run", *SHORT, "--html", out, "--order-log", tmp_path / "." / "out")
    assert code == 2
    assert "is the file that --order-log writes" in err
    assert list(tmp_path.iterdir()) == []


def test_an_order_log_is_only_replaced_by_force(mainspring, tmp_path):
    """A log of an earlier session stays unless --force is typed; a page is replaced."""
    log, page = tmp_path / "orders.log", tmp_path / "page.html"
    log.write_bytes(b"an earlier session's")
    page.write_bytes(b"an earlier session's")
    code, out, err = mainspring("run", *SHORT, "--order-log", log, "--html", page)
    assert (code, out) == (2, "")
    assert "orders.log exists already: name another file, or replace it with --force" in " ".join(err.split())
    assert log.read_bytes() == page.read_bytes() == b"an earlier session's"
    assert mainspring("run", *SHORT, "--order-log", log, "--html", page, "--force")[0] == 0
    assert log.stat().st_size > 100
    assert page.read_bytes().startswith(b"<!doctype html>")


def test_a_failed_run_leaves_the_earlier_outputs(mainspring, monkeypatch, tmp_path):
    """The last report and the last log outlive a session that raises before its first order."""

    def fail(*_, **__):
        raise DataError("made to fail")

    log, page = tmp_path / "orders.log", tmp_path / "page.html"
    log.write_bytes(b"old log")
    page.write_bytes(b"old page")
    monkeypatch.setattr("mainspring.session.lane_run.LaneRun.step", fail)
    assert mainspring("run", *SHORT, "--order-log", log, "--html", page, "--force")[0] == 2
    assert (log.read_bytes(), page.read_bytes()) == (b"old log", b"old page")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.log", "page.html"]


def test_a_log_that_cannot_be_written_stops_the_session_with_its_report(mainspring, monkeypatch, tmp_path):
    """The error names the file; the report of what ran is printed, and the exit code isn't 0."""

    def fail(_file, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("mainspring.session.order_logs.LogFile.write", fail)
    log = tmp_path / "orders.log"
    code, out, err = mainspring("run", *SHORT, "--order-log", log)
    assert code == 2
    assert f"the order log can't be written to {log}: No space left on device" in " ".join(err.split())
    assert "quote-maker" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("full_disk")
def test_a_failed_init_leaves_nothing(mainspring, tmp_path):
    """Where the configuration can't be written there is no empty file afterwards, and the error names it."""
    code, _, err = mainspring("init", tmp_path / "s.toml")
    assert code == 2
    assert "s.toml can't be written: No space left on device" in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_failed_new_plugin_leaves_nothing(mainspring, monkeypatch, tmp_path):
    """A project that can't be written whole leaves neither its folder nor the folders made for it."""
    written, write = [], type(tmp_path).write_text

    def fail_at_the_third(path, *arguments, **options):
        written.append(path)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, *arguments, **options)

    monkeypatch.setattr(type(tmp_path), "write_text", fail_at_the_third)
    code, _, err = mainspring("plugins", "new", "acme", "--seam", "book", "--folder", tmp_path / "a" / "b")
    assert code == 2
    assert "can't be written: No space left on device" in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_capture_is_only_generated_over_by_force(mainspring, capture):
    """A recording of the same name isn't lost by a slip of the hand, and the config is never written over."""
    before = capture.read_bytes()
    code, _, err = mainspring("data", "generate", capture, "--set", "feed.seconds=2")
    assert code == 2
    assert "v.gz exists already" in " ".join(err.split())
    assert capture.read_bytes() == before
    assert mainspring("data", "generate", capture, "--set", "feed.seconds=2", "--force")[0] == 0
    assert capture.read_bytes() != before
    config = capture.with_name("s.toml")
    mainspring("init", config)
    assert mainspring("data", "generate", config, "--config", config, "--force")[0] == 2


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="there is no /dev/stdout here")  # noqa: PTH110
def test_outputs_may_go_to_a_device(mainspring, tmp_path):
    """A page sent to /dev/null leaves the device a device."""
    assert mainspring("run", *SHORT, "--html", os.devnull, "--order-log", os.devnull)[0] == 0
    assert not os.path.isfile(os.devnull)  # noqa: PTH113
    assert list(tmp_path.iterdir()) == []
