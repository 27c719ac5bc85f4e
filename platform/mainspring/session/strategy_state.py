"""The file of strategies' states: what they saved at the end of one session, they load at the start of the next."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mainspring.data import write_atomically
from mainspring.errors import DataError, PluginError
from mainspring.lane import BoundStrategy

__all__ = ["give_states", "load_states", "save_states", "states_of"]

_FORMAT = "mainspring strategy state 1"


class _Saved(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    strategies: dict[str, Any]


def load_states(path: Path, strategies: Sequence[BoundStrategy]) -> None:
    """Has each strategy load what it saved, before it is started. Without the file, all start from nothing.

    Raises `DataError` for a file that can't be read, isn't such a file, or has states that nobody here can take; and
    `PluginError` for a strategy that raises.
    """
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"the strategies' states can't be read from {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise DataError(f"{path} isn't a file of strategies' states ({error}): {_REMEDY}") from error
    if saved.format != _FORMAT:
        raise DataError(f"{path} isn't of the format {_FORMAT!r} but {saved.format!r}: {_REMEDY}")
    takers = {one.name: one.load for one in strategies if one.load is not None}
    if unknown := sorted(saved.strategies.keys() - takers):
        raise DataError(
            f"{path} has the state of {', '.join(unknown)}, and no strategy of that name here loads one: {_REMEDY}"
        )
    for name, state in saved.strategies.items():
        takers[name](state)


def give_states(states: bytes, strategies: Sequence[BoundStrategy]) -> None:
    """Has each strategy load what a journal has of it: see `states_of`. Raises `PluginError` for one that raises."""
    saved: dict[str, Any] = msgspec.json.decode(states)
    for one in strategies:
        if one.load is not None and one.name in saved:
            one.load(saved[one.name])


def states_of(strategies: Sequence[BoundStrategy]) -> bytes:
    """Returns what each strategy saves, as JSON by their names; empty if none saves anything.

    Raises `PluginError` as `save_states` does.
    """
    states = {one.name: _plain(one, one.save()) for one in strategies if one.save is not None}
    return msgspec.json.encode(states) if states else b""


def save_states(path: Path, strategies: Sequence[BoundStrategy]) -> None:
    """Writes what each strategy saves, the whole file or nothing.

    Raises `PluginError` for a strategy that raises or saves what isn't plain, and `DataError` if the file can't be
    written. It stays as it was then.
    """
    states = {one.name: _plain(one, one.save()) for one in strategies if one.save is not None}
    try:
        write_atomically(path, msgspec.json.format(msgspec.json.encode(_Saved(_FORMAT, states))) + b"\n")
    except OSError as error:
        raise DataError(f"the strategies' states can't be written to {path}: {error.strerror}") from error


def _plain(strategy: BoundStrategy, state: Any) -> Any:
    try:
        same = msgspec.json.decode(msgspec.json.encode(state)) == state
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        same = False
    if not same:
        raise PluginError(
            strategy.distribution,
            f"the strategy {strategy.name!r} ({strategy.plugin} of {strategy.distribution}) saved what isn't text, "
            "numbers, lists and mappings by text, so that no session could load it as it was",
        )
    return state


_REMEDY = "name another file in session.state, or remove this one to start from nothing"
