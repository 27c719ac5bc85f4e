"""Every exception that Mainspring raises on purpose.

    MainspringError
    ├── ConfigError            a TOML file or an override says something that can't be
    ├── DataError              a capture or a downloaded file is absent, broken or not what it claims
    │   └── CaptureError       one line of a capture is truncated or broken; carries the line number
    ├── WireError              one message doesn't hold what its declaration says
    │   └── GridError          a price or size is off the grid, negative, not a number or too large
    ├── FrameError             a WebSocket frame that breaks the protocol; carries the code to close with
    ├── CodecError             bytes that a codec refuses
    ├── PluginError            a plugin is at fault; carries its distribution
    │   ├── DuplicatePlugin    two plugins claim one name in one seam
    │   ├── PluginLoadError    a plugin's module can't be imported
    │   ├── UnknownPlugin      no plugin of that name fills that seam
    │   └── UnusablePlugin     the plugin is there, and can't run on this host
    ├── ConformanceError       a plugin broke a rule of its seam's contract; carries the rule and the seed
    ├── LaneError              a lane's process can't be started, or met an error before anything ran; carries the lane
    ├── OrderStateError        an order event that the order's state doesn't allow
    └── ReplayError            a replay's event that can't be, or its strategy raised; carries the event's number

A message says what happened, where, and what to do. What a trader's rule refuses (a limit, a missing price) is
no exception: it is a `mainspring.model.Refusal`, a value with a reason code.
"""

__all__ = [
    "CaptureError",
    "CodecError",
    "ConfigError",
    "ConformanceError",
    "DataError",
    "DuplicatePlugin",
    "FrameError",
    "GridError",
    "LaneError",
    "MainspringError",
    "OrderStateError",
    "PluginError",
    "PluginLoadError",
    "ReplayError",
    "UnknownPlugin",
    "UnusablePlugin",
    "WireError",
]


class MainspringError(Exception):
    """The root of the tree above: catch it to catch everything that Mainspring raises on purpose."""


class ConfigError(MainspringError):
    """A configuration that can't be run. The text names the file, the key, what was found and what would be valid."""


class DataError(MainspringError):
    """A data file that is absent, broken, or not the one that its checksum names."""


class CaptureError(DataError):
    """A line of a capture that can't be read.

    `path` is the capture, `line` the number of the line, counted from one.
    """

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class WireError(MainspringError):
    """A message that doesn't hold what its declaration says it holds. `field` is the field at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class GridError(WireError):
    """A price or size that isn't a whole, positive number of ticks or lots in 64 bits. Never rounded."""

    def __init__(self, instrument: str, field: str, text: str, problem: str) -> None:
        super().__init__(f"{instrument}: {field} {text!r} {problem}", field=field)
        self.instrument = instrument
        self.text = text
        self.problem = problem


class FrameError(MainspringError):
    """A WebSocket frame that breaks the protocol. Nothing after it can be read.

    `close_code` is the code to close with, `at` the place of the frame in the stream, in bytes, and `events` what had
    come before it in the same chunk.
    """

    def __init__(self, problem: str, close_code: int, at: int) -> None:
        super().__init__(f"byte {at} of the stream: {problem}; close with {close_code}")
        self.problem = problem
        self.close_code = close_code
        self.at = at
        self.events: tuple[tuple[str, int | None, bytes], ...] = ()


class CodecError(MainspringError):
    """Bytes that a codec refuses. `codec` is its name; the cause is the library's own error where there is one."""

    def __init__(self, codec: str, problem: str) -> None:
        super().__init__(f"codec {codec}: {problem}")
        self.codec = codec
        self.problem = problem


class PluginError(MainspringError):
    """A plugin is at fault. `distribution` names whose it is, so that the reader knows whom to ask."""

    def __init__(self, distribution: str, message: str) -> None:
        super().__init__(message)
        self.distribution = distribution


class DuplicatePlugin(PluginError):  # noqa: N818  the name says what is wrong
    """Two plugins claim the same name in the same seam. Nothing is renamed or skipped."""


class PluginLoadError(PluginError):
    """A plugin's module can't be imported, or its hook raised. The cause is chained."""


class UnknownPlugin(PluginError):  # noqa: N818  the name says what is wrong
    """No plugin of that name fills that seam."""


class UnusablePlugin(PluginError):  # noqa: N818  the name says what is wrong
    """The plugin exists, and something that it needs is missing on this host."""


class ConformanceError(MainspringError):
    """A plugin broke a rule of its seam's contract.

    `rule` names the rule, `seed` reproduces the input that broke it.
    """

    def __init__(self, rule: str, detail: str, *, seed: int) -> None:
        super().__init__(f"{rule}: {detail} (seed {seed})")
        self.rule = rule
        self.detail = detail
        self.seed = seed


class LaneError(MainspringError):
    """A session of several lanes that wasn't run, for what happened to the `lane` of that name before any had begun."""

    def __init__(self, lane: str, problem: str) -> None:
        super().__init__(f"lane {lane}: {problem}")
        self.lane = lane
        self.problem = problem


class OrderStateError(MainspringError):
    """An order event that the order's present state doesn't allow."""


class ReplayError(MainspringError):
    """A replay ended before its last event. `event` is the number of the one at fault, counted from 0."""

    def __init__(self, event: int, problem: str) -> None:
        super().__init__(problem)
        self.event = event
