"""Calls into plugins: who is named when one raises, whose standard output and decimal context it is."""

import decimal
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Final, NoReturn, ParamSpec, TextIO, TypeVar

from mainspring.errors import MainspringError, OrderStateError, PluginError

__all__ = [
    "TRACEBACK",
    "describe_error",
    "describe_exception",
    "error_trace",
    "guarded",
    "guarded_getter",
    "guarded_pair",
    "guarded_single",
    "is_interrupt",
    "isolated",
    "plugin_frames",
    "wrap_error",
]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")

# Packages whose frames say how a plugin was reached, not what it did.
_HOST_PACKAGES: Final = frozenset(
    {"contextlib", "hwprofile", "importlib", "mainspring", "mainspring_perf", "pluggy", "trio"}
)
TRACEBACK: Final = "MAINSPRING_TRACEBACK"
"""The environment variable that asks for whole tracebacks. `--traceback` sets it, so that lanes' processes have it."""

_STDOUT, _STDERR = 1, 2
# A copy, since a plugin may change the original.
_CONTEXT: Final = decimal.DefaultContext.copy()


def wrap_error(part: str, plugin: str, distribution: str, error: BaseException) -> NoReturn:
    """Raises what a plugin's callback raised as a `PluginError` that names the plugin, with the cause chained.

    `part` is the plugin's role in the session, such as "strategy maker"; `distribution` is the package that it comes
    from. A `PluginError` passes unchanged, and so do an `OrderStateError`, which explains itself, and the user's own
    interrupt.
    """
    if isinstance(error, PluginError | OrderStateError) or is_interrupt(error):
        raise error
    changed = ""
    if isinstance(error, decimal.DecimalException) and not _is_default(decimal.getcontext()):
        changed = (
            " A plugin of this lane has changed the decimal context, perhaps another one: use "
            "`decimal.localcontext()` there."
        )
    raise PluginError(
        distribution,
        f"the {part} {plugin!r} of {distribution} raised {describe_exception(error)}. The lane takes no new "
        f"orders and cancels those that are open.{changed}",
    ) from error


def guarded(call: Callable[_P, _T], part: str, plugin: str, distribution: str) -> Callable[_P, _T]:
    """Wraps a plugin's callback, once at wiring, so that what it raises names the plugin: see `wrap_error`."""

    def run(*arguments: _P.args, **keywords: _P.kwargs) -> _T:
        try:
            return call(*arguments, **keywords)
        except BaseException as error:  # noqa: BLE001  a stranger's code may raise anything
            wrap_error(part, plugin, distribution, error)

    return run


def guarded_getter(call: Callable[[], _T], part: str, plugin: str, distribution: str) -> Callable[[], _T]:
    """As `guarded`, for what takes no argument: a quarter of its cost.

    `plugin` and `distribution` name whose it is.
    """

    def run() -> _T:
        try:
            return call()
        except BaseException as error:  # noqa: BLE001  a stranger's code may raise anything
            wrap_error(part, plugin, distribution, error)

    return run


def guarded_single(call: Callable[[_A], _T], part: str, plugin: str, distribution: str) -> Callable[[_A], _T]:
    """As `guarded`, for what takes one argument by position: a quarter of its cost.

    `plugin` and `distribution` name whose it is.
    """

    def run(argument: _A) -> _T:
        try:
            return call(argument)
        except BaseException as error:  # noqa: BLE001  a stranger's code may raise anything
            wrap_error(part, plugin, distribution, error)

    return run


def guarded_pair(call: Callable[[_A, _B], _T], part: str, plugin: str, distribution: str) -> Callable[[_A, _B], _T]:
    """As `guarded`, for what takes two arguments by position: a quarter of its cost.

    `plugin` and `distribution` name whose it is.
    """

    def run(first: _A, second: _B) -> _T:
        try:
            return call(first, second)
        except BaseException as error:  # noqa: BLE001  a stranger's code may raise anything
            wrap_error(part, plugin, distribution, error)

    return run


def describe_exception(error: BaseException) -> str:
    """The exception's type and text, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def describe_error(error: MainspringError) -> str:
    """The error's text with what was added to it on its way, such as the message at which it happened."""
    return " ".join([str(error), *getattr(error, "__notes__", ())])


def is_interrupt(error: BaseException) -> bool:
    """Whether the error is a signal's: the user's Ctrl-C, or `Stopped`; not a `KeyboardInterrupt` that a plugin raised.

    Python raises it in the main thread only, and only where no handler of ours has taken the signal over.
    """
    # By its mark, since the command line's own class is out of reach from here.
    return getattr(error, "is_signal", False) or (
        isinstance(error, KeyboardInterrupt)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )


def error_trace(error: BaseException) -> str:
    """What to print below an error's text: the plugin's own frames, or everything where `TRACEBACK` asks for it."""
    if os.environ.get(TRACEBACK):
        return "".join(traceback.format_exception(error))
    frames = plugin_frames(error)
    return f"{frames}\n" if frames else ""


def plugin_frames(error: BaseException) -> str:
    """The frames of the plugin that made `error`, formatted as Python does, oldest first; empty if it has none.

    They are taken from the cause of a `PluginError`. The host's own frames are left out, and its other errors, which
    explain themselves, have none: their frames would be those of the command line's libraries. A cause that points at
    source text itself, as a `SyntaxError` does, ends with those lines.
    """
    cause = error.__cause__ if isinstance(error, PluginError) else error
    if cause is None or (cause is error and isinstance(error, MainspringError | OSError)):
        return ""
    frames = [
        frame
        for frame in traceback.walk_tb(cause.__traceback__)
        if str(frame[0].f_globals.get("__name__", "")).partition(".")[0] not in _HOST_PACKAGES
    ]
    lines = traceback.StackSummary.extract(iter(frames)).format()
    if isinstance(cause, SyntaxError):
        lines += traceback.format_exception_only(cause)
    return "".join(lines).rstrip("\n")


def isolated() -> AbstractContextManager[None]:
    """Runs plugin code whose prints go to standard error, and whose decimal context is its own.

    Standard output carries results, which another program may read. It is taken away by file descriptor too, for
    compiled code, where this process has it. Scopes may be nested; the outermost gives everything back, and those
    within it cost little.
    """
    return _Isolated()


_redirected = threading.local()


class _Isolated(AbstractContextManager[None]):
    __slots__ = ("_context", "_prints")

    def __init__(self) -> None:
        self._context = decimal.localcontext(_CONTEXT)
        self._prints: AbstractContextManager[None] | None = None

    def __enter__(self) -> None:
        if not getattr(_redirected, "active", False) and threading.current_thread() is threading.main_thread():
            self._prints = _prints_to_stderr()
            self._prints.__enter__()
        self._context.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, trace)
        if self._prints is not None:
            self._prints.__exit__(kind, error, trace)


@contextmanager
def _prints_to_stderr() -> Iterator[None]:
    _redirected.active = True
    stdout, sys.stdout = sys.stdout, sys.stderr
    saved = _move_descriptor(stdout)
    try:
        yield
    finally:
        if saved is not None and stdout is not None:
            # What a plugin wrote through a stream that it had kept is still in its buffer.
            stdout.flush()
            os.dup2(saved, _STDOUT)
            os.close(saved)
        sys.stdout = stdout
        _redirected.active = False


def _move_descriptor(stdout: TextIO | None) -> int | None:
    """Points descriptor 1 at standard error; returns a copy of what it was, None if stdout isn't this process's own."""
    own = sys.__stdout__
    if own is None or stdout is not own:
        return None
    try:
        own.flush()
        saved = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)
    except (OSError, ValueError):
        # Closed, as in a service without standard streams: nothing can be spoilt there.
        return None
    return saved


def _is_default(context: decimal.Context) -> bool:
    return (context.prec, context.rounding, context.traps) == (_CONTEXT.prec, _CONTEXT.rounding, _CONTEXT.traps)
