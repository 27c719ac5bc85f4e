"""docs/order-log.md says of the format what the code does, and its Python runs."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from mainspring.model import (
    MAX_BODY_BYTES,
    RECORD_KINDS,
    Accepted,
    Fill,
    Instrument,
    RecordKind,
    Side,
    SubmitRequested,
    encode_records,
)
from mainspring.orders import LOG_VERSION, LoggedInstrument, OrderLog
from mainspring.orders.log_header import encode_header

_PAGE = (Path(__file__).resolve().parents[2] / "docs/order-log.md").read_text(encoding="utf-8")
_REPORTED = "2 whether the venue reported the fee"


def _row(kind: RecordKind) -> str:
    """The page's row for a kind."""
    flags = [
        f"{bit} `{name}`: {', '.join(one.name.lower() if isinstance(one, Side) else str(one) for one in values)}"
        for name, bit, values in kind.flags
    ]
    fields = [f"`{name}` {form}" for name, form in kind.fields]
    cells = ", ".join(fields)
    if kind.record is Fill:
        flags.append(_REPORTED)
        cells = f"{', '.join(fields[:6])}; if the fee was reported, {', '.join(fields[6:])}"
    tag = kind.record.__struct_config__.tag  # type: ignore[attr-defined]
    return f"| {kind.code} | `{tag}` | {'; '.join(flags)}{' ' if flags else ''}| {cells} |"


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=lambda kind: kind.record.__name__)
def test_each_kind_has_its_row(kind: RecordKind) -> None:
    """Code, type, flags and fields, in order."""
    assert _row(kind) in _PAGE.splitlines()


def test_there_is_no_other_row() -> None:
    """As many rows as kinds."""
    assert len(re.findall(r"^\| \d+ \| `[a-z-]+` \|", _PAGE, re.MULTILINE)) == len(RECORD_KINDS)


def test_the_sizes_and_the_version_are_those_of_the_code() -> None:
    """The most bytes of a body, the magic, the version, and what the header says of an instrument."""
    assert f"{MAX_BODY_BYTES:,} bytes" in _PAGE
    assert f"the version of the format, {LOG_VERSION}" in _PAGE
    assert encode_header([])[:8] == b"MSORDERS"
    row = next(line for line in _PAGE.splitlines() if '{"instruments": [...]}' in line)
    assert re.findall(r"`([a-z_]+)`", row) == list(LoggedInstrument.__struct_fields__)


def test_the_fill_in_bytes_is_right() -> None:
    """The page's example, byte for byte."""
    fill = Fill(12_345, 3, 1_723_161_600_000_000_000, 77, Side.SELL, 6_100_000, 25, True, -100_000)
    assert f"```text\n{encode_records([fill]).hex(' ')}\n```" in _PAGE


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the fills of the log that is there."""
    instrument = Instrument(
        symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001")
    )
    with (tmp_path / "orders.log").open("wb") as file:
        log = OrderLog(encode_records, [("BTC/USDT", instrument)], file)
        log.write_all([Accepted(1, 0, 1), Fill(1, 0, 2, 1, Side.BUY, 100, 25, True, 0)])
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)
    exec(compile(code, "docs/order-log.md", "exec"), {})
    assert capsys.readouterr().out == "BTC/USDT BUY 0.025\n"


def test_a_row_that_is_wrong_is_found() -> None:
    """The rows above can differ."""
    submit = next(kind for kind in RECORD_KINDS if kind.record is SubmitRequested)
    assert _row(submit._replace(fields=submit.fields[:-1])) not in _PAGE.splitlines()
