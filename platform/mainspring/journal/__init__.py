"""The journal: what a session did, in blocks that are durable before its orders leave."""

from mainspring.journal.blocks import Block, decode_block, encode_block
from mainspring.journal.entries import (
    CheckStates,
    ConfigText,
    Ending,
    Entry,
    Input,
    LaneState,
    LogBytes,
    Opening,
    Positions,
    StrategyStates,
)
from mainspring.journal.reading import (
    JournalledSession,
    JournalLog,
    SessionOutline,
    read_entries,
    read_outline,
    read_session,
)
from mainspring.journal.writer import AsyncWriter, JournalWriter, SyncWriter

__all__ = [
    "AsyncWriter",
    "Block",
    "CheckStates",
    "ConfigText",
    "Ending",
    "Entry",
    "Input",
    "JournalLog",
    "JournalWriter",
    "JournalledSession",
    "LaneState",
    "LogBytes",
    "Opening",
    "Positions",
    "SessionOutline",
    "StrategyStates",
    "SyncWriter",
    "decode_block",
    "encode_block",
    "read_entries",
    "read_outline",
    "read_session",
]
