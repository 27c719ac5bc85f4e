"""What strategies log is shown on standard error, from the level that was asked for on."""

import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from mainspring.session.logs import LOG, show_logs

NAME = "mainspring"


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Mainspring's logger, without handlers afterwards."""
    found = logging.getLogger(NAME)
    level = found.level
    yield found
    found.handlers.clear()
    found.setLevel(level)


@pytest.mark.parametrize(
    ("level", "shown"), [("", ["WARNING"]), ("info", ["INFO", "WARNING"]), ("ERROR", []), ("loud", ["WARNING"])]
)
def test_shows_records_from_a_level_on(
    logger: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    level: str,
    shown: list[str],
) -> None:
    """Warnings by default, each on a line with its level; on what is standard error at the time."""
    monkeypatch.setenv(LOG, level)
    # Those of pytest, which come with the test's own call.
    monkeypatch.setattr(logging.root, "handlers", [])
    show_logs()
    show_logs()
    log = logging.getLogger(f"{NAME}.strategy.mine")
    log.info("one")
    log.warning("one")
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [f"{name} one" for name in shown]
    assert printed.out == ""


def test_leaves_a_programs_own_handlers_alone(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that runs sessions decides itself what is shown."""
    monkeypatch.setattr(logging.root, "handlers", [logging.StreamHandler(sys.stderr)])
    show_logs()
    assert logger.handlers == []


def test_a_level_that_there_is_not_is_refused(mainspring: Callable[..., tuple[int | str, str, str]]) -> None:
    """The message lists the levels."""
    code, _, err = mainspring("run", "--log", "loud")
    assert code == 2
    assert "must be one of: debug, info, warning, error" in " ".join(err.replace("│", " ").split())
