"""Every exception that Mainspring raises on purpose.

MainspringError
├── ConfigError            a TOML file or an override is invalid
├── DataError              a capture or a download is missing, broken or fails its checksum
│   ├── CaptureError       one line of a capture is truncated or broken; carries the line number
│   └── JournalError       a journal can't be opened, written or read, or is damaged
├── WireError              a message doesn't match its declaration
│   └── GridError          a price or size is off the grid, negative, not a number or too large
├── FrameError             a WebSocket frame breaks the protocol; carries the close code
├── CodecError             a codec rejects the bytes
├── PluginError            a plugin is at fault; carries its distribution
│   ├── DuplicatePlugin    two plugins use the same name in one seam
│   ├── PluginLoadError    a plugin's module can't be imported
│   ├── UnknownPlugin      the seam has no plugin of that name
│   ├── UnrequestedSend    a request would be sent that nobody made; the lane halts
│   └── UnusablePlugin     the plugin is installed but can't run on this host
├── ConformanceError       a plugin broke a rule of its seam's contract; carries the rule and the seed
├── LaneError              a lane's process couldn't start, so nothing ran; carries the lane
├── OrderStateError        an order event isn't allowed in the order's state
└── ReplayError            a replay event is invalid, or its strategy raised; carries the event's number

A message says what happened, where, and what to do. A refusal by a trading rule (a limit, a missing price) isn't an
exception: it is a `mainspring.model.Refusal`, a value with a reason code.
"""

from collections.abc import Iterable

__all__ = [
    "CaptureError",
    "CodecError",
    "ConfigError",
    "ConformanceError",
    "DataError",
    "DuplicatePlugin",
    "FrameError",
    "GridError",
    "JournalError",
    "LaneError",
    "MainspringError",
    "OrderStateError",
    "PluginError",
    "PluginLoadError",
    "ReplayError",
    "UnknownPlugin",
    "UnrequestedSend",
    "UnusablePlugin",
    "WireError",
]


class MainspringError(Exception):
    """The root of the tree above: catch it to catch everything that Mainspring raises on purpose.

    `report` is the `mainspring.report.SessionReport` up to there, if the error ended a session that had begun.
    """

    report: object | None = None


class ConfigError(MainspringError):
    """The configuration is invalid. The text names the file, the key, the value found and what would be valid."""


class DataError(MainspringError):
    """A data file is missing, broken, or doesn't match its checksum."""


class CaptureError(DataError):
    """A line of a capture can't be read.

    `path` is the capture, `line` the line number, counted from 1, and `problem` completes the sentence "line 7: ...".
    """

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class JournalError(DataError):
    """A journal can't be opened, written or read, or isn't what was written."""


class WireError(MainspringError):
    """A message doesn't match its declaration. `field` is the field at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class GridError(WireError):
    """A price or size isn't a whole number of ticks or lots in 64 bits. It is never rounded.

    `field` names the message field, `text` is the value as received, and `problem` completes the sentence.
    """

    def __init__(self, instrument: str, field: str, text: str, problem: str) -> None:
        super().__init__(f"{instrument}: {field} {text!r} {problem}", field=field)
        self.instrument = instrument
        self.text = text
        self.problem = problem


class FrameError(MainspringError):
    """A WebSocket frame breaks the protocol, so nothing after it can be read.

    `problem` says what is wrong, `close_code` is the code to close the connection with, `at` the byte offset of the
    frame in the stream, and `events` holds what was decoded before it in the same chunk.
    """

    def __init__(self, problem: str, close_code: int, at: int) -> None:
        super().__init__(f"byte {at} of the stream: {problem}; close with {close_code}")
        self.problem = problem
        self.close_code = close_code
        self.at = at
        self.events: tuple[tuple[str, int | None, bytes], ...] = ()


class CodecError(MainspringError):
    """A codec rejects the bytes.

    `codec` is its name, `problem` the reason; the library's own error, if there is one, is chained.
    """

    def __init__(self, codec: str, problem: str) -> None:
        super().__init__(f"codec {codec}: {problem}")
        self.codec = codec
        self.problem = problem


class PluginError(MainspringError):
    """A plugin is at fault. `distribution` names the package that it comes from."""

    def __init__(self, distribution: str, message: str) -> None:
        super().__init__(message)
        self.distribution = distribution


class DuplicatePlugin(PluginError):  # noqa: N818  the name says what is wrong
    """Two plugins use the same name in one seam. Neither is renamed or skipped."""


class PluginLoadError(PluginError):
    """A plugin's module can't be imported, or its hook raised. The cause is chained."""


class UnknownPlugin(PluginError):  # noqa: N818  the name says what is wrong
    """The seam has no plugin of that name."""


class UnrequestedSend(PluginError):  # noqa: N818  the name says what is wrong
    """Something would be sent that nobody requested, or that was sent before. A lane halts, and sends no such thing."""

    def __init__(self, orders: Iterable[int]) -> None:
        """`orders` are the ids of the orders that it is about."""
        super().__init__(
            "mainspring",
            f"order {', '.join(map(str, orders))} would be sent, and no strategy requested it, or it was sent before: "
            "the lane is halted. A part of the platform or a plugin changed what the lane sends; run the session's "
            "journal again to find which",
        )


class UnusablePlugin(PluginError):  # noqa: N818  the name says what is wrong
    """The plugin is installed, but something that it needs is missing on this host."""


class ConformanceError(MainspringError):
    """A plugin broke a rule of its seam's contract.

    `rule` names the rule, `detail` says how it was broken, and `seed` reproduces the input.
    """

    def __init__(self, rule: str, detail: str, *, seed: int) -> None:
        super().__init__(f"{rule}: {detail} (seed {seed})")
        self.rule = rule
        self.detail = detail
        self.seed = seed


class LaneError(MainspringError):
    """A lane failed during start-up, so the session didn't run.

    `lane` is its name, `problem` the reason.
    """

    def __init__(self, lane: str, problem: str) -> None:
        super().__init__(f"lane {lane}: {problem}")
        self.lane = lane
        self.problem = problem


class OrderStateError(MainspringError):
    """An order event isn't allowed in the order's present state."""


class ReplayError(MainspringError):
    """A replay ended before its last event, because of `problem`. `event` is the index of the event at fault."""

    def __init__(self, event: int, problem: str) -> None:
        super().__init__(problem)
        self.event = event
