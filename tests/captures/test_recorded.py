"""The recorded sessions, verified: every truth in them matches, and a cut one isn't called whole."""

import itertools

import pytest

from mainspring.wire import Cause

_SPOT = ("spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz")
_USDM = ("usdm/btcusdt_20240808.gz",)
_COINM = ("cm/btcusd_perp_20240808.gz", "cm/btcusd_perp_20240809.gz")


@pytest.mark.parametrize(
    ("files", "messages", "ahead", "behind"),
    [
        (_SPOT[:1], 41_249, 564, 0),
        pytest.param(_SPOT, 41_249 + 58_325, 1_072, 0, marks=pytest.mark.gate),
        (_USDM, 93_954, 503, 126),
        (_COINM[:1], 48_270, 1_124, 0),
        pytest.param(_COINM, 48_270 + 50_116, 1_885, 0, marks=pytest.mark.gate),
    ],
    ids=["spot", "spot, both days", "usdm", "coinm", "coinm, both days"],
)
def test_every_truth_matches(recorded, verified, files, messages, ahead, behind):
    """Each quote with the book's id matches it; no gap, no crossed book, no message refused."""
    session = recorded(*files)
    report = verified(session.declared, session.messages())
    (verdict,) = report.instruments
    assert (report.messages, report.refused) == (messages, 0)
    assert (verdict.quotes_ahead.compared, verdict.quotes_ahead.matched) == (ahead, ahead)
    assert (verdict.quotes_behind.compared, verdict.quotes_behind.matched) == (behind, behind)
    assert (verdict.crossed, verdict.gaps, verdict.quarantined) == (0, 0, False)
    assert report.ok
    assert set(report.by_cause) == {Cause.PRE_SNAPSHOT}


@pytest.mark.parametrize("files", [_SPOT[:1], _USDM, _COINM[:1]], ids=["spot", "usdm", "coinm"])
def test_a_cut_copy_is_no_success(recorded, verified, files):
    """With one depth message cut out, the gap is found, the book stays quarantined, and no success is claimed."""
    session = recorded(*files)
    messages = list(itertools.islice(session.messages(), 15_000))
    depths = [at for at, (_, raw) in enumerate(messages) if b'"e":"depthUpdate"' in raw]
    del messages[depths[len(depths) // 2]]
    report = verified(session.declared, messages)
    (verdict,) = report.instruments
    assert not report.ok
    assert (verdict.gaps, verdict.quarantined) == (1, True)
    assert report.by_cause[Cause.GAP] == 1
    assert report.by_cause[Cause.QUARANTINED] == len(depths) - len(depths) // 2 - 2
    assert verdict.truths.compared == verdict.truths.matched > 0
    assert any("quarantined" in problem for problem in report.problems)


def test_a_changed_level_is_found(recorded, verified):
    """A best bid of another size, set by one changed message, doesn't match the venue's quotes."""
    session = recorded(_SPOT[0])
    changed = [
        (at, raw.replace(b'"bids":[["61837.63000000","3.7', b'"bids":[["61837.63000000","4.7'))
        for at, raw in session.messages()
    ]
    before = [raw for _, raw in session.messages()]
    assert sum(raw != old for (_, raw), old in zip(changed, before, strict=True)) == 1
    crossed = [
        (at, raw.replace(b'"asks":[[', b'"asks":[["50000.00000000","1.00000000"],[')) for at, raw in session.messages()
    ]
    report = verified(session.declared, crossed)
    assert not report.ok
    assert report.instruments[0].crossed > 0
    assert report.truths.matched < report.truths.compared
