"""Market data of other programs as captures: each form that is read, what its rows become, and what is refused."""

import gzip
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest
from typer.testing import CliRunner

from mainspring.cli.app import app
from mainspring.data import import_files, read_capture
from mainspring.errors import DataError
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.session import open_messages
from mainspring.session.driver import Driver

_BOOK = """\
exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount
acme,BTC-USD,1700000000000000,1700000000001000,true,bid,100.5,2
acme,BTC-USD,1700000000000000,1700000000001000,true,bid,100,1
acme,BTC-USD,1700000000000000,1700000000001000,true,ask,101,3
acme,BTC-USD,1700000000100000,1700000000101000,false,bid,100.5,0
acme,BTC-USD,1700000000100000,1700000000101000,false,ask,100.75,0.25
acme,ETH-USD,1700000000100000,1700000000101000,false,ask,5,1
"""
_TRADES = """\
exchange,symbol,timestamp,local_timestamp,id,side,price,amount
acme,BTC-USD,1700000000050000,1700000000051000,a-7,sell,100.5,0.5
acme,BTC-USD,1700000000200000,1700000000201000,8,unknown,100.75,1e-3
"""
_EVENT = np.dtype(
    [(name, kind) for name, kind in zip(
        ("ev", "exch_ts", "local_ts", "px", "qty", "order_id", "ival", "fval"),
        ("<u8", "<i8", "<i8", "<f8", "<f8", "<u8", "<i8", "<f8"), strict=True,
    )]
)  # fmt: skip
_EXCHANGE, _LOCAL, _BUY, _SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
_T = 1_700_000_000_000_000_000


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _read(*paths: Path, symbol: str = "") -> list[tuple[int, dict[str, Any]]]:
    to = paths[0].with_suffix(".cap")
    import_files(paths, to, symbol=symbol)
    return [(received_ns, orjson.loads(raw)) for received_ns, raw in read_capture(to)]


def test_rows_of_a_moment_make_one_message_and_files_merge_by_receive_time(tmp_path: Path) -> None:
    """Microseconds are told by their size; prices and sizes keep their digits; an id that is no number is left out."""
    book, trades = _write(tmp_path / "book.csv", _BOOK), _write(tmp_path / "trades.csv", _TRADES)
    symbol = {"symbol": "BTC-USD"}
    assert _read(trades, book) == [
        (
            _T + 1_000_000,
            {"kind": "snapshot", **symbol, "time": _T, "bids": [["100.5", "2"], ["100", "1"]], "asks": [["101", "3"]]},
        ),
        (
            _T + 51_000_000,
            {"kind": "trade", **symbol, "time": _T + 50_000_000, "price": "100.5", "size": "0.5", "aggressor": "sell"},
        ),
        (
            _T + 101_000_000,
            {
                "kind": "delta",
                **symbol,
                "time": _T + 100_000_000,
                "bids": [["100.5", "0"]],
                "asks": [["100.75", "0.25"]],
            },
        ),
        (
            _T + 101_000_000,
            {"kind": "delta", "symbol": "ETH-USD", "time": _T + 100_000_000, "bids": [], "asks": [["5", "1"]]},
        ),
        (
            _T + 201_000_000,
            {"kind": "trade", **symbol, "time": _T + 200_000_000, "price": "100.75", "size": "0.001", "id": 8},
        ),
    ]


def test_what_was_found_is_told(tmp_path: Path) -> None:
    """Kinds, instruments, times; and that a book has changes but never began."""
    found, other = import_files(
        [_write(tmp_path / "book.csv", _BOOK), _write(tmp_path / "trades.csv", _TRADES)], tmp_path / "all.cap.gz"
    )
    assert (found.form, found.symbols, found.kinds) == (
        "changes, CSV",
        ["BTC-USD", "ETH-USD"],
        {"snapshot": 1, "change": 2},
    )
    assert (found.first_ns, found.last_ns) == (_T + 1_000_000, _T + 101_000_000)
    assert found.notes == ["ETH-USD: changes, but no whole book for them to change"]
    assert (other.kinds, other.notes) == ({"trade": 2}, [])


@pytest.mark.parametrize("decoder", ["python", "native"])
def test_an_imported_book_is_traded_on(decoder: str, tmp_path: Path) -> None:
    """The capture is recognised as imported, and gives the book that its rows say."""
    if decoder == "native":
        pytest.importorskip("mainspring_native")
    capture = tmp_path / "all.cap.gz"
    import_files([_write(tmp_path / "book.csv", _BOOK), _write(tmp_path / "trades.csv", _TRADES)], capture)
    overrides = [f"feed.capture={capture}", "feed.plugin=auto", 'instruments=["BTC-USD"]', "mode=replay"]
    plan = make_plan(load_config(None, [*overrides, f"decoder.plugin={decoder}"]), Registry.load())
    assert plan.feed.plugin == "imported"
    driver = Driver(wire(plan, Registry.load()))
    driver.run(list(open_messages(plan, Registry.load())))
    market, (instrument,) = driver.lane.markets[0], plan.instruments
    best = (market.bid_ticks * instrument.tick_size, market.ask_ticks * instrument.tick_size)
    assert best == (Decimal(100), Decimal("100.75"))
    assert market.ask_lots * instrument.lot_size == Decimal("0.25")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "BTCUSDT-trades-2023-11-14.csv",
            "7,100.10,0.5,50.05,1700000000000,True,True\n8,100.2,1,100.2,1700000000001,False,True",
            [("trade", 0, "100.10", "sell"), ("trade", 1_000_000, "100.2", "buy")],
        ),
        (
            "BTCUSDT-aggTrades-2025-01-01.csv",
            "7,100.10,0.5,1,2,1700000000000001,true,true\r\n",
            [("trade", 1_000, "100.10", "sell")],
        ),
        (
            "ETHUSDT-trades-2023-11-14.csv",
            "id,price,qty,quote_qty,time,is_buyer_maker\n7,100.10,0.5,50.05,1700000000000,false\n",
            [("trade", 0, "100.10", "buy")],
        ),
        (
            "BTCUSDT-bookTicker-2023-11-14.csv",
            "5,100.1,2,100.2,3,1700000000000,1700000000004\n",
            [("quote", 0, None, None)],
        ),
    ],
)
def test_files_of_the_portal_are_told_by_their_form(
    name: str, content: str, expected: list[Any], tmp_path: Path
) -> None:
    """With and without names of columns, alone and in a zip; the instrument is in the file's name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(name, content)
    for path in (_write(tmp_path / name, content), _write(tmp_path / name.replace(".csv", ".zip"), archive.getvalue())):
        messages = _read(path)
        assert {one["symbol"] for _, one in messages} == {name.partition("-")[0]}
        assert [
            (one["kind"], received_ns - _T, one.get("price"), one.get("aggressor")) for received_ns, one in messages
        ] == expected


def _events(rows: list[tuple[int, int, float, float]]) -> np.ndarray[Any, Any]:
    made = [(flags, _T + at, _T + at + 5, price, size, 0, 0, 0.0) for flags, at, price, size in rows]
    return np.array(made, dtype=_EVENT)


def test_arrays_of_hftbacktest(tmp_path: Path) -> None:
    """Clearing and snapshot make a whole book; floats become decimals; the exchange's are left out."""
    both = _EXCHANGE | _LOCAL
    rows = [
        (both | 3, 0, 0.0, 0.0),
        (both | _BUY | 4, 0, 0.1, 2.0),
        (both | _BUY | 4, 0, 0.2, 3.0),
        (both | _SELL | 4, 0, 0.3, 1e-7),
        (both | _SELL | 1, 10, 0.3, 0.0),
        (both | _SELL | 1, 10, 0.4, 4.0),
        (_EXCHANGE | _SELL | 1, 11, 0.5, 4.0),
        (both | _SELL | 2, 20, 0.2, 1.5),
        # All bids down to 0.2 go, so that one is left.
        (both | _BUY | 3, 30, 0.2, 0.0),
    ]
    path = tmp_path / "data.npz"
    np.savez_compressed(path, data=_events(rows))
    found = _read(path, symbol="X")
    assert [(received_ns - _T, one["kind"]) for received_ns, one in found] == [
        (5, "snapshot"),
        (15, "delta"),
        (25, "trade"),
        (35, "snapshot"),
    ]
    assert found[0][1]["bids"] == [["0.1", "2.0"], ["0.2", "3.0"]]
    assert found[0][1]["asks"] == [["0.3", "0.0000001"]]
    assert found[1][1]["asks"] == [["0.3", "0.0"], ["0.4", "4.0"]]
    assert found[2][1]["aggressor"] == "sell"
    assert (found[3][1]["bids"], found[3][1]["asks"]) == ([["0.1", "2.0"]], [["0.4", "4.0"]])


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    """Texts, floats, integers and timestamps of a column are the values of the same CSV."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    random = Random(3)
    times = [_T + 1_000 * number for number in range(500)]
    prices = [round(100 + random.random(), 4) for _ in times]
    sides = [random.choice(("buy", "sell")) for _ in times]
    columns = {
        "symbol": ["A"] * len(times),
        "timestamp": arrow.array(times, arrow.timestamp("ns")),
        "local_timestamp": times,
        "id": list(range(len(times))),
        "side": arrow.array(sides).dictionary_encode(),
        "price": prices,
        "amount": arrow.array([Decimal("0.50")] * len(times)),
    }
    parquet.write_table(arrow.table(columns), tmp_path / "a.parquet")
    lines = [f"A,{at},{at},{number},{sides[number]},{prices[number]},0.50" for number, at in enumerate(times)]
    text = "\n".join(("symbol,timestamp,local_timestamp,id,side,price,amount", *lines))
    assert _read(tmp_path / "a.parquet") == _read(_write(tmp_path / "b.csv", text))
    assert len(_read(tmp_path / "a.parquet")) == len(times)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_recorded_messages_keep_their_bytes_and_times_of_any_unit_are_read(unit: str, tmp_path: Path) -> None:
    """A byte order mark, a carriage return, gzip, and a last line without its end."""
    digits = {"s": 10, "ms": 13, "us": 16, "ns": 19}[unit]
    time = str(_T)[:digits]
    recorded = gzip.compress(f'\ufeff{time} {{"a":1}}\r\n{time}\t[1, 2]'.encode())
    found = import_files([_write(tmp_path / "recorded.gz", recorded)], tmp_path / "to.cap")
    assert list(read_capture(tmp_path / "to.cap")) == [(_T, b'{"a":1}'), (_T, b"[1, 2]")]
    assert found[0].kinds == {"message": 2}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "it is empty"),
        ("a,b\n1,2\n", "its columns are neither those of trades"),
        ("1,2,3\n", "3 columns"),
        (",".join("1" * 12) + "\n", "bars"),
        ("timestamp,id,side,price,amount\n1700000000,1,buy,1,1\n", "say it with --symbol"),
        ("symbol,id,price,amount\nA,1,1,1\n", "no column has a time"),
        (_TRADES.replace(",0.5\n", ",half\n"), "row 1, amount: 'half' isn't a number"),
        (_TRADES.replace("unknown", "up"), "row 2, side: 'up' isn't a side"),
        (_TRADES.replace("1700000000201000", "yesterday"), "row 2, local_timestamp: 'yesterday'"),
        (_TRADES.replace("1700000000201000", "-5"), "row 2, local_timestamp: '-5' isn't a time"),
        (_BOOK.replace("0.25", "nan"), "row 5, amount: 'nan' isn't a finite number"),
        (_BOOK.replace(",false,", ",maybe,", 1), "row 4, is_snapshot: 'maybe' is neither"),
        (_BOOK.replace("false,bid", "false,unknown", 1), "row 4: a level needs a side"),
        (_TRADES + "acme,BTC-USD\n", "row 3 has only 2 values"),
        (_TRADES.splitlines()[0] + "\n", "there is no message in it"),
        ("1700000000 {}\nnonsense\n", "line 2"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_written(content: str, problem: str, tmp_path: Path) -> None:
    """File, row and column, and what was expected."""
    path, to = _write(tmp_path / "some.csv", content), tmp_path / "to.cap"
    with pytest.raises(DataError, match=r"some\.csv") as caught:
        import_files([path], to)
    assert problem in str(caught.value)
    assert not to.exists()


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("damage", [_cut, lambda data: data[:40] + bytes(20) + data[60:]], ids=["cut", "zeros"])
@pytest.mark.parametrize("suffix", ["gz", "zip", "npz"])
def test_damaged_files_are_errors(suffix: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A file that was cut short, or has other bytes in it, is named; no traceback, no half of a capture."""
    packed = io.BytesIO()
    if suffix == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", _BOOK * 50)
    elif suffix == "npz":
        np.savez_compressed(packed, data=_events([(_LOCAL | _BUY | 1, at, 1.0, 2.0) for at in range(500)]))
    else:
        packed.write(gzip.compress((_BOOK * 50).encode()))
    path = _write(tmp_path / f"some.{suffix}", damage(packed.getvalue()))
    with pytest.raises(DataError, match="some"):
        import_files([path], tmp_path / "to.cap", symbol="X")
    assert not (tmp_path / "to.cap").exists()


def test_the_command_says_what_it_found_and_keeps_what_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The capture is named for the first file; a second run needs --force."""
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "trades.csv", _TRADES)
    runner = CliRunner()
    first = runner.invoke(app, ["data", "import", "trades.csv"])
    assert first.exit_code == 0, first.output
    assert "2 trades" in first.output
    assert "trades.cap.gz: 2 messages" in first.output
    again = runner.invoke(app, ["data", "import", "trades.csv"])
    assert again.exit_code != 0
    forced = runner.invoke(app, ["data", "import", "trades.csv", "--force", "--json"])
    assert orjson.loads(forced.stdout)["found"][0]["kinds"] == {"trade": 2}
