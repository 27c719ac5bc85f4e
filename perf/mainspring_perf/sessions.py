"""Makes the sessions that suites run on: the reference session and, if available, the recorded one."""

from itertools import islice
from pathlib import Path

from mainspring.data import find_capture, find_entry
from mainspring.host.config import load_config
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.seams import RawMessage
from mainspring.session import open_messages
from mainspring_perf.candidates import registry

__all__ = ["RECORDED", "Session", "make_session", "recorded_capture", "sessions"]

RECORDED = "btcusdt-spot"
"""The capture that stands for the real market, by its name in `mainspring data list`."""

_TINY_MESSAGES = 2_000

Session = tuple[str, Plan, tuple[RawMessage, ...]]
"""What a session is called, its plan, and its messages, in memory."""


def recorded_capture() -> Path | None:
    """Returns the recorded session's file; None if it isn't on this machine."""
    return find_capture(find_entry(RECORDED))


def make_session(name: str, overrides: tuple[str, ...], *, tiny: bool) -> Session:
    """Makes the session of the built-in configuration with `overrides`; tiny: its first 2,000 messages."""
    plan = make_plan(load_config(None, overrides), registry())
    messages = open_messages(plan, registry())
    return name, plan, tuple(islice(messages, _TINY_MESSAGES) if tiny else messages)


def sessions(*, tiny: bool, overrides: tuple[str, ...] = ()) -> list[Session]:
    """Makes the reference session and, if available, the recorded one; tiny: their first 2,000 messages.

    `overrides` are changes to the configuration, as for `--set`.
    """
    made = [make_session("reference session", overrides, tiny=tiny)]
    if recorded_capture() is not None:
        recorded = (*overrides, f"feed.capture={RECORDED}", "feed.plugin=auto")
        made.append(make_session("recorded BTC/USDT spot session", recorded, tiny=tiny))
    return made
