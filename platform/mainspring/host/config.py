"""The configuration: TOML decoded into frozen structs, with errors that name file, line, key and remedy."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from mainspring.errors import ConfigError
from mainspring.host.config_text import check_levels, excerpt, read_text
from mainspring.host.diagnostics import LARGEST, Diagnostic, convert, dotted, quoted, shown
from mainspring.host.discovery import OURS, canonical_name
from mainspring.host.flag_config import FlagConfig
from mainspring.host.key_lines import KeyPath
from mainspring.host.overrides import apply_overrides
from mainspring.host.slots import (
    AUTO,
    SLOT_TABLES,
    ConnectConfig,
    FeedConfig,
    FeedTable,
    InstrumentConfig,
    JournalConfig,
    SlotConfig,
)
from mainspring.lane import StatisticsOptions
from mainspring.model import DEFAULT_MAX_ANSWERS
from mainspring.orders import TradingDay
from mainspring.portfolio import PortfolioOptions
from mainspring.seams import SEAMS
from mainspring.telemetry import Budget

__all__ = [
    "AUTO",
    "DEFAULT_ORIGIN",
    "GC_MODES",
    "MOST_CHUNK",
    "MOST_ENTRIES",
    "CodecConfig",
    "Config",
    "ConnectConfig",
    "FeedConfig",
    "FeedTable",
    "HardwareConfig",
    "InstrumentConfig",
    "JournalConfig",
    "Loaded",
    "ObjectiveWeights",
    "PluginsConfig",
    "SessionConfig",
    "SlotConfig",
    "TuneConfig",
    "default_text",
    "load_config",
    "parse_config",
]

DEFAULT_ORIGIN = "the built-in configuration"

MOST_CHUNK = 65_536
MOST_ENTRIES = 10_000
"""How many entries a list or a table of the configuration may have: instruments, say."""
GC_MODES = ("as-is", "freeze", "rare", "off")
_ROUNDING = 1e-9
_OBJECTIVES = ("throughput", "p99")

_AS_SET: Mapping[KeyPath, str] = MappingProxyType({})


class CodecConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The codec slots, of which a feed uses that of its encoding: `json` for JSON, `binary` for msgpack."""

    json: str = AUTO
    binary: str = AUTO


class HardwareConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[hardware]` table: where lanes run, and how they are held there.

    `pin` is a strategy of `hwprofile` ("auto" and on), a list of CPUs, one for each lane in order, or "off"; None
    stands for "auto" where there are several lanes, and for "off" where there is one. `nic` is the interface that lanes
    are to be near. For pinned lanes: `memory` from the lane's own "node" or from "anywhere"; `reserve` says the lane's
    CPUs to be taken to other processes. For every lane: `lock_memory` keeps its memory from being swapped out;
    `timer_slack_ns` and `fifo_priority` are its thread's; `gc` says what the garbage collector does once the
    lane is made: "freeze" (what is there then is never looked at again), "rare" (that, and it runs less often: see
    `mainspring.host.applying`), "off" (it doesn't run at all while the lane does), "as-is", or "auto": this host's
    measured winner.
    """

    pin: str | tuple[Annotated[int, msgspec.Meta(ge=0)], ...] | None = None
    nic: str | None = None
    memory: Literal["node", "anywhere"] = "node"
    lock_memory: bool = False
    timer_slack_ns: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None = None
    fifo_priority: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    gc: Literal["auto", "as-is", "freeze", "rare", "off"] = "auto"
    reserve: bool = True


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[session]` table.

    `chunk` is how many messages a lane processes at a time, 1 to 65,536, or "auto". `state` is the file that strategies
    load their states from at the start and save them in at the end; None if they don't.

    `control` is the folder by which people reach the session while it runs, to kill its trading or change its limits;
    None if they can't. `flag_provider` is "module:factory", which makes the OpenFeature provider that says who is in a
    flag's share, None if the config does. `dead_man_s` is how many seconds may pass without `mainspring risk alive`
    before its trading is killed; None for ever.
    """

    chunk: int | str = AUTO
    state: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    control: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    flag_provider: Annotated[str, msgspec.Meta(pattern=r"^[\w.]+:\w+$")] | None = None
    dead_man_s: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        if self.flag_provider is not None and self.control is None:
            raise ValueError("flag_provider needs a control folder, whose flags come before the provider's")
        if self.dead_man_s is not None and self.control is None:
            raise ValueError("dead_man_s needs a control folder, in which somebody says that the session is watched")
        if self.chunk != AUTO and (isinstance(self.chunk, str) or not 1 <= self.chunk <= MOST_CHUNK):
            raise ValueError(
                f'chunk must be a whole number from 1 to {MOST_CHUNK:,}, or "{AUTO}"; found {shown(self.chunk)}'
            )


class OrdersConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[orders]` table. `answer_timeout_ms` is how long a venue may take to answer a request; 0 means for ever.

    `poll_executions_s` is how often venues are asked for executions that never came, in seconds; 0 means never.
    With `compare_balances` the account's cash is compared, too, which then is this session's alone.
    `max_answers` is how many requests a strategy may make at one instant in answer to its own order events. `day_ends`
    is when day orders end, such as "16:00 America/New_York"; empty: when the feed says, if it does.
    `cancel_on_disconnect` cancels a feed's orders when its connection is lost, and again once it is back.
    `stop_trigger` is the price that sets stops off: of the last trade, or the mark of `[portfolio]`.
    """

    answer_timeout_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 10_000
    max_answers: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = DEFAULT_MAX_ANSWERS
    poll_executions_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0
    compare_balances: bool = False
    cancel_on_disconnect: bool = False
    day_ends: str = ""
    stop_trigger: Literal["last", "mark"] = "last"

    def __post_init__(self) -> None:
        if self.day_ends:
            TradingDay(self.day_ends)


class ObjectiveWeights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The weights of throughput and of the 99th percentile of a message's latency. They add up to 1."""

    throughput: float = 0.0
    p99: float = 0.0

    def __post_init__(self) -> None:
        if not (self.throughput >= 0 and self.p99 >= 0 and abs(self.throughput + self.p99 - 1) <= _ROUNDING):
            raise ValueError(
                "its weights, throughput and p99, must add up to 1, such as 0.7 and 0.3; "
                f"found {self.throughput:g} and {self.p99:g}"
            )


class TuneConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[tune]` table. `objective` is what the races of `mainspring tune` optimise.

    It is "throughput", "p99" (the 99th percentile of a message's latency), or a weighting of both.
    """

    objective: str | ObjectiveWeights = "throughput"

    def __post_init__(self) -> None:
        if isinstance(self.objective, str) and self.objective not in _OBJECTIVES:
            raise ValueError(
                'objective must be "throughput", "p99" or a table such as { throughput = 0.7, p99 = 0.3 }; '
                f"found {shown(self.objective)}"
            )


class PluginsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which distributions may be loaded, besides our own. Nothing of any other is imported."""

    allow: tuple[str, ...] = ()

    @property
    def loaded(self) -> tuple[str, ...]:
        """The distributions to load: ours, and those that are allowed."""
        return (*OURS, *(name for name in self.allow if canonical_name(name) not in OURS))


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole configuration. `risk` maps a check's name to its limit, or to a table of its options.

    `feeds` holds several feeds by name, instead of the one in `feed`. `lanes` is the number of processes that share
    the instruments, or "auto": as many as there are cores for.
    """

    mode: Literal["replay", "paper", "live"] = "paper"
    seed: int = 1
    instruments: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...] = ()
    instrument: dict[str, InstrumentConfig] = {}
    lanes: int | str = 1
    session: SessionConfig = SessionConfig()
    hardware: HardwareConfig = HardwareConfig()
    feed: FeedConfig = FeedConfig()
    feeds: dict[str, FeedTable] = {}
    decoder: SlotConfig = SlotConfig()
    book: SlotConfig = SlotConfig()
    codec: CodecConfig = CodecConfig()
    slippage: SlotConfig = SlotConfig()
    router: SlotConfig = SlotConfig()
    queue: SlotConfig = SlotConfig()
    latency: SlotConfig = SlotConfig()
    receiver: SlotConfig = SlotConfig()
    records: SlotConfig = SlotConfig()
    journal: JournalConfig = JournalConfig()
    orders: OrdersConfig = OrdersConfig()
    strategy: dict[str, SlotConfig] = {}
    risk: dict[str, Any] = {}
    flags: dict[str, FlagConfig] = {}
    market: StatisticsOptions = StatisticsOptions()
    portfolio: PortfolioOptions = PortfolioOptions()
    budget: Budget = Budget()
    tune: TuneConfig = TuneConfig()
    plugins: PluginsConfig = PluginsConfig()

    def __post_init__(self) -> None:
        if self.lanes != AUTO and (isinstance(self.lanes, str) or self.lanes < 1):
            raise ValueError(f'lanes must be a whole number of at least 1, or "{AUTO}"; found {shown(self.lanes)}')
        self.journal.check_mode(self.mode)


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration and where it came from, so that later errors can point at the line.

    `text` and `overrides` are what it was made of.
    """

    config: Config
    origin: str
    folder: Path
    text: str
    overrides: tuple[str, ...]
    diagnostic: Diagnostic


def default_text() -> str:
    """Returns the built-in configuration, which runs if no file is named and which `mainspring init` writes."""
    return resources.files("mainspring.host").joinpath("default.toml").read_text(encoding="utf-8")


def load_config(path: Path | None, overrides: Iterable[str] = (), spelled: Mapping[KeyPath, str] = _AS_SET) -> Loaded:
    """Reads a file, or the built-in configuration if `path` is None, and applies `key=value` overrides.

    `spelled` maps an override to the option that the user typed for it, such as `--feed`, for errors. Raises
    `ConfigError` if the file can't be read, isn't TOML, or isn't a configuration.
    """
    if path is None:
        return parse_config(default_text(), DEFAULT_ORIGIN, Path.cwd(), overrides, spelled)
    return parse_config(read_text(path), str(path), path.parent, overrides, spelled)


def parse_config(
    text: str,
    origin: str,
    folder: Path,
    overrides: Iterable[str] = (),
    spelled: Mapping[KeyPath, str] = _AS_SET,
) -> Loaded:
    """Decodes TOML text. Raises `ConfigError`.

    `origin` names the text in errors, and relative paths in it are resolved against `folder`.
    """
    check_levels(text, origin)
    overrides = tuple(overrides)
    try:
        table = tomllib.loads(text)
        overridden = apply_overrides(table, overrides)
        diagnostic = Diagnostic(origin, text, table, overridden, spelled)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(origin, text, str(error)) from error
    except RecursionError as error:
        raise ConfigError(f"{origin}: tables and lists are nested too deeply") from error
    except ValueError as error:
        raise ConfigError(f"{origin}: a number has too many digits") from error
    _check_bounds(table, diagnostic, ())
    shaped = {key: _shape(key, value, diagnostic) for key, value in table.items()}
    _check_named(shaped, diagnostic)
    config = convert(shaped, _config_type(), diagnostic, ())
    return Loaded(config=config, origin=origin, folder=folder, text=text, overrides=overrides, diagnostic=diagnostic)


def _not_toml(origin: str, text: str, problem: str) -> ConfigError:
    at = re.search(r" \(at line (\d+), column \d+\)$", problem)
    if at is None:
        return ConfigError(f"{origin}: not valid TOML: {problem}")
    line = excerpt(text.split("\n")[int(at[1]) - 1].strip())
    remedy = "; put text in quotes" if problem.startswith("Invalid value") else ""
    return ConfigError(f"{origin}:{at[1]}: not valid TOML: {problem[: at.start()]} in the line {line!r}{remedy}")


def _check_bounds(node: Any, diagnostic: Diagnostic, path: tuple[str, ...]) -> None:
    """Raises `ConfigError` for a number that no setting takes, and for a list or table that would take minutes to read.

    Python's TOML parser lets integers beyond 64 bits through, and TOML itself has "inf" and "nan".
    """
    if isinstance(node, dict | list) and len(node) > MOST_ENTRIES:
        raise diagnostic.error(path, f"holds {len(node):,} entries; at most {MOST_ENTRIES:,} can be handled")
    if isinstance(node, dict):
        for name, below in node.items():
            _check_bounds(below, diagnostic, (*path, name))
    elif isinstance(node, list):
        for index, below in enumerate(node):
            _check_bounds(below, diagnostic, (*path, str(index)))
    elif isinstance(node, int) and not -(2**63) <= node < 2**63:
        raise diagnostic.error(path, "the number doesn't fit in 64 bits")
    elif isinstance(node, float) and not abs(node) <= LARGEST:
        raise diagnostic.error(path, f"expected a number of at most {LARGEST:g}; found {shown(node)}")


def _config_type() -> type[Config]:
    """Returns `Config` with a field for each seam that has a plain slot and no field of its own."""
    names = [row.name for row in SEAMS.values() if row.slot and row.name not in Config.__struct_fields__]
    fields = [(name, SlotConfig, SlotConfig()) for name in names]
    made: Any = msgspec.defstruct("Config", fields, bases=(Config,), kw_only=True)
    kind: type[Config] = made if names else Config
    return kind


def _shape(key: str, value: Any, diagnostic: Diagnostic) -> Any:
    """Moves a plugin's own keys out of a slot's table into `options`, which the plugin's struct validates later."""
    if key in SEAMS and SEAMS[key].slot:
        return _slot(value, SLOT_TABLES.get(key, SlotConfig), diagnostic, (key,))
    if key == "strategy" and isinstance(value, dict):
        return {name: _slot(slot, SlotConfig, diagnostic, (key, name)) for name, slot in value.items()}
    if key == "feeds" and isinstance(value, dict):
        return {name: _feed_table(table, diagnostic, (key, name)) for name, table in value.items()}
    return value


def _feed_table(value: Any, diagnostic: Diagnostic, path: tuple[str, ...]) -> Any:
    shaped = _slot(value, FeedTable, diagnostic, path)
    if isinstance(shaped, dict) and "latency" in shaped:
        shaped["latency"] = _slot(shaped["latency"], SlotConfig, diagnostic, (*path, "latency"))
    strategies = shaped.get("strategy") if isinstance(shaped, dict) else None
    if isinstance(strategies, dict):
        below = {
            name: _slot(slot, SlotConfig, diagnostic, (*path, "strategy", name)) for name, slot in strategies.items()
        }
        return {**shaped, "strategy": below}
    return shaped


def _check_named(shaped: Mapping[str, Any], diagnostic: Diagnostic) -> None:
    """Decodes each named table separately first, since the decoder doesn't report which name was at fault."""
    kinds: dict[str, type[msgspec.Struct]] = {"instrument": InstrumentConfig, "strategy": SlotConfig}
    _check_each(shaped, diagnostic, (), {**kinds, "feeds": FeedTable, "flags": FlagConfig})


def _check_each(
    shaped: Mapping[str, Any], diagnostic: Diagnostic, above: tuple[str, ...], kinds: Mapping[str, type[msgspec.Struct]]
) -> None:
    for key, kind in kinds.items():
        named = shaped.get(key)
        for name, item in named.items() if isinstance(named, dict) else ():
            path = (*above, key, name)
            if kind is FeedTable and isinstance(item, dict):
                _check_each(item, diagnostic, path, {"instrument": InstrumentConfig, "strategy": SlotConfig})
            convert(item, kind, diagnostic, path)


def _slot(value: Any, kind: type[SlotConfig], diagnostic: Diagnostic, path: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        raise diagnostic.error(
            path, f"expected a table; found {shown(value)}. Write {dotted(path)}.plugin = {quoted(value)}"
        )
    if not isinstance(value, dict):
        return value
    known = set(kind.__struct_fields__) - {"options"}
    slot = {name: item for name, item in value.items() if name in known}
    slot["options"] = {name: item for name, item in value.items() if name not in known}
    return slot
