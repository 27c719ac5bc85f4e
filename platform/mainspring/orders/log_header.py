"""The header of an order log: the format's version, and the instruments with their grids."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from mainspring.errors import DataError
from mainspring.model import Contract, Instrument, crc32c

__all__ = ["LOG_VERSION", "Header", "LoggedInstrument", "decode_header", "encode_header"]

LOG_VERSION: Final = 2
"""The version of the format that is written. A reader takes no other."""

_MAGIC = b"MSORDERS"
_START_BYTES = len(_MAGIC) + 2 + 4
_CRC_BYTES = 4
_MOST_BYTES = 1 << 26


class LoggedInstrument(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument of an order log.

    `name` is what reports call it, with its feed if there are several: "spot:BTC/USDT". The other fields are those of
    `mainspring.model.Instrument`.
    """

    name: str
    symbol: str
    venue_symbol: str
    tick_size: Decimal
    lot_size: Decimal
    contract: Contract
    contract_size: Decimal
    settle_currency: str


class _Described(msgspec.Struct, frozen=True):
    instruments: tuple[LoggedInstrument, ...]


class Header(NamedTuple):
    """What a header says, and how many bytes it has."""

    version: int
    instruments: tuple[LoggedInstrument, ...]
    length: int


def encode_header(instruments: Sequence[tuple[str, Instrument]]) -> bytes:
    """Returns the header for instruments, each with its name, in the order of their numbers in the records."""
    described = _Described(
        tuple(
            LoggedInstrument(
                name=name,
                symbol=one.symbol,
                venue_symbol=one.venue_symbol,
                tick_size=one.tick_size,
                lot_size=one.lot_size,
                contract=one.contract,
                contract_size=one.contract_size,
                settle_currency=one.settle_currency,
            )
            for name, one in instruments
        )
    )
    text = msgspec.json.encode(described)
    start = _MAGIC + LOG_VERSION.to_bytes(2, "little") + len(text).to_bytes(4, "little") + text
    return start + crc32c(start).to_bytes(_CRC_BYTES, "little")


def decode_header(data: bytes) -> Header | None:
    """Reads the header at the beginning of `data`; None if they end within it.

    Raises `DataError` if it is no such header, is damaged, or has another version.
    """
    if data[: len(_MAGIC)] != _MAGIC[: len(data)]:
        raise DataError(f"it begins with {data[:8]!r}: not an order log, or one of a release before its header")
    if len(data) < _START_BYTES:
        return None
    version = int.from_bytes(data[8:10], "little")
    if version != LOG_VERSION:
        raise DataError(f"it has version {version} of the format; this release reads version {LOG_VERSION}")
    end = _START_BYTES + int.from_bytes(data[10:_START_BYTES], "little")
    if end > _MOST_BYTES:
        raise DataError(f"damaged header: {end} bytes at byte 10")
    if len(data) < end + _CRC_BYTES:
        return None
    if crc32c(data[:end]) != int.from_bytes(data[end : end + _CRC_BYTES], "little"):
        raise DataError(f"damaged header: the checksum at byte {end} doesn't match")
    try:
        described = msgspec.json.decode(data[_START_BYTES:end], type=_Described)
    except msgspec.DecodeError as error:
        raise DataError(f"damaged header: {error}") from error
    return Header(version, described.instruments, end + _CRC_BYTES)
