"""`plugins check --capture`: what a feed reads of a recording, and what that proves."""

import json

import pytest

_WHOLE = '{"lastUpdateId":%d,"bids":[["99","1"]],"asks":[["101","1"],["110","1"]]}'
_UPDATE = '{"e":"depthUpdate","E":1700000000000,"s":"LTCUSDT","U":%d,"u":%d,"b":[["%d","2"]],"a":[]}'
_QUOTE = '{"u":%d,"s":"LTCUSDT","b":"%d","B":"2","a":"101","A":"1"}'
_OTHER = '{"e":"kline","E":%d,"s":"LTCUSDT"}'
_MESSAGES = [
    _UPDATE % (5, 6, 97),
    _UPDATE % (7, 8, 98),
    _WHOLE % 6,
    _OTHER % 1,
    _OTHER % 22,
    '{"result":null,"id":1}',
    _UPDATE % (9, 9, 100),
    _QUOTE % (9, 100),
]


@pytest.fixture
def recorded(tmp_path):
    """Writes texts as a capture and returns its path."""

    def write(*texts):
        path = tmp_path / "some.capture"
        path.write_text("".join(f"{1_700_000_000_000_000_000 + at} {text}\n" for at, text in enumerate(texts)))
        return path

    return write


def _check(mainspring, path, name="binance-spot"):
    code, out, err = mainspring("plugins", "check", "mainspring", "--only", name, "--capture", path, "--json")
    assert not err
    (verdict,) = json.loads(out)
    return code, verdict


def test_what_was_read_and_proved(mainspring, recorded):
    """Counts of all that came of it, one example for what is ignored alike, and what the capture proves."""
    code, verdict = _check(mainspring, recorded(*_MESSAGES))
    assert (code, verdict["ok"]) == (0, True)
    reading = verdict["reading"]
    assert (reading["messages"], reading["controls"], reading["refused"]) == (8, 1, 0)
    assert reading["read"] == {"delta": 3, "snapshot": 1, "quote": 1}
    assert reading["ignored"] == 2
    assert reading["ignored_examples"] == ['message 4: {"e":"kline","E":1,"s":"LTCUSDT"}']
    assert reading["withheld"] == {"pre-snapshot": 2}
    assert (reading["snapshots"], reading["bridged"], reading["gaps"]) == (1, 1, 0)
    assert (reading["quotes"], reading["checksums"]) == ([1, 1], [0, 0])
    assert "1 of 1 snapshots bridged" in verdict["detail"]
    assert "0 gaps in the numbers" in verdict["detail"]
    assert "python" in reading["decoders"]


@pytest.mark.parametrize(
    ("texts", "detail"),
    [
        ((*_MESSAGES, _QUOTE % (9, 98)), "the books are what the venue says: 1 of 2 aren't"),
        ((*_MESSAGES, _UPDATE.replace('"E"', '"X"') % (10, 10, 98)), "1 were refused"),
        ((*_MESSAGES, _UPDATE % (10, 10, 102)), "the books don't cross: they did 1 times"),
        (('{"type":"book"}', '{"type":"trade"}'), "reads nothing of it"),
        (('{"id":1,"result":null}',), "reads nothing of it"),
    ],
)
def test_what_fails(mainspring, recorded, texts, detail):
    """A wrong truth, a refused message, a crossed book, and a capture of which nothing is read: exit code 1."""
    code, verdict = _check(mainspring, recorded(*texts))
    assert (code, verdict["ok"]) == (1, False)
    assert detail in verdict["detail"]


def test_a_refused_message_says_why(mainspring, recorded):
    """The example of a refused message has its number and the reason."""
    _, verdict = _check(mainspring, recorded(*_MESSAGES, _UPDATE.replace('"E"', '"X"') % (10, 10, 98)))
    (example,) = verdict["reading"]["refused_examples"]
    assert example.startswith('message 9: {"e":"depthUpdate","X":1700000000000')
    assert example.endswith("field 'E' is missing")


def test_a_gap_is_said(mainspring, recorded):
    """A loss is the recording's, not the feed's: it is said, and no failure."""
    code, verdict = _check(mainspring, recorded(*_MESSAGES, _UPDATE % (12, 12, 98)))
    assert (code, verdict["reading"]["gaps"]) == (0, 1)
    assert "1 gaps in the numbers" in verdict["detail"]


def test_without_a_feed(mainspring, recorded):
    """A capture can only be read by feeds."""
    path = recorded(*_MESSAGES)
    code, _, err = mainspring("plugins", "check", "mainspring", "--only", "python", "--capture", path)
    assert code == 2
    assert "no feed named 'python' of a distribution named 'mainspring' is installed" in err


def test_a_feed_that_read_nothing_is_skipped(mainspring):
    """Without a capture a declared feed has nothing to read: the line says so and doesn't begin with "ok"."""
    code, out, _ = mainspring("plugins", "check", "mainspring", "--only", "binance-spot")
    assert (code, out.split()[:3]) == (0, ["skip", "feed", "binance-spot"])
    assert "it read nothing" in out
