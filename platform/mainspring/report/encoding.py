"""Encodes a report as JSON and back, and strips what differs from run to run."""

from typing import Any

import msgspec

from mainspring.errors import DataError
from mainspring.report.model import SessionReport, TimingReport

__all__ = ["encodable", "from_json", "to_json", "without_timing"]

_SCHEMA = 2


class _Header(msgspec.Struct):
    """The part that a report of any schema has."""

    schema: int = _SCHEMA


_NO_TIMING = TimingReport(wall_seconds=0.0, messages_per_second=0.0, stages=[], peak_rss_bytes=0, host={})


def to_json(report: SessionReport) -> bytes:
    """Returns the whole report as indented JSON in UTF-8, the fields in the order of `mainspring.report.model`.

    Bytes of a path that aren't UTF-8 become escapes.
    """
    try:
        encoded = msgspec.json.encode(report)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(encodable(msgspec.to_builtins(report)))
    return msgspec.json.format(encoded, indent=2) + b"\n"


def encodable(value: Any) -> Any:
    """Returns plain values in which every text is UTF-8: other bytes of file names become escapes."""
    if isinstance(value, str):
        try:
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        except UnicodeEncodeError:
            return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(one) for one in value]
    return value


def from_json(data: bytes | str) -> SessionReport:
    """Returns the report that `to_json` wrote. Raises `DataError` for anything else, or for another schema."""
    try:
        schema = msgspec.json.decode(data, type=_Header).schema
        if schema != _SCHEMA:
            raise DataError(f"this report has schema {schema}; this version of mainspring reads schema {_SCHEMA}")
        return msgspec.json.decode(data, type=SessionReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"this is no session report: {error}") from error


def without_timing(report: SessionReport) -> SessionReport:
    """Returns the report without its timing: equal for two runs of the same input with the same config."""
    return msgspec.structs.replace(report, timing=_NO_TIMING)
