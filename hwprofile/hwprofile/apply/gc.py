"""Keeps Python's garbage collector from interrupting a hot thread."""

import gc
from dataclasses import replace

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask

__all__ = ["tune_gc"]


def tune_gc(
    *, freeze: bool = True, thresholds: tuple[int, int, int] | None = None, enabled: bool | None = None
) -> tuple[Action, Undo | None]:
    """Runs a collection, then configures garbage collection for the whole process.

    `freeze` excludes all objects alive now from later collections. `thresholds` are passed to `gc.set_threshold`;
    `enabled` turns automatic collection on or off. None leaves a setting as it is. Undoing unfreezes the objects,
    unless other code had frozen some before, since the two can't be distinguished.
    """
    parts = [
        *(["what lives now frozen"] if freeze else []),
        *([f"thresholds {thresholds}"] if thresholds is not None else []),
        *([f"automatic collection {'on' if enabled else 'off'}"] if enabled is not None else []),
    ]
    ask = Ask(name="gc", subject="this process", wanted=", ".join(parts) or "nothing")
    before = gc.get_freeze_count(), gc.get_threshold(), gc.isenabled()
    if not parts:
        return ask.applied(_words(), "gc"), None
    gc.collect()
    if thresholds is not None:
        gc.set_threshold(*thresholds)
    if enabled is not None:
        (gc.enable if enabled else gc.disable)()
    if freeze:
        gc.freeze()
    kept = (
        (not freeze or gc.get_freeze_count() > before[0])
        and (thresholds is None or gc.get_threshold() == thresholds)
        and (enabled is None or gc.isenabled() == enabled)
    )
    evidence = f"gc.get_freeze_count, get_threshold, isenabled: {_words()}"
    action = (
        ask.applied(_words(), evidence) if kept else ask.partial(_words(), evidence, "this Python keeps something else")
    )
    return action, lambda: _back(ask, before, frozen=freeze)


def _back(ask: Ask, before: tuple[int, tuple[int, int, int], bool], *, frozen: bool) -> Action:
    count, thresholds, enabled = before
    back = replace(ask, wanted="as before")
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()
    if frozen and not count:
        gc.unfreeze()
    evidence = f"gc.get_freeze_count, get_threshold, isenabled: {_words()}"
    if frozen and count:
        reason = f"{count:,} objects had been frozen by others before, and thawing ours would thaw these too"
        return back.partial(_words(), evidence, reason, "gc.unfreeze()")
    return back.applied(_words(), evidence)


def _words() -> str:
    switched = "on" if gc.isenabled() else "off"
    return f"{gc.get_freeze_count():,} objects frozen, thresholds {gc.get_threshold()}, automatic collection {switched}"
