"""How figures are said, on the terminal, on the page and in the picture."""

from mainspring_perf.peers.race import Row

__all__ = ["against", "time_text"]


def time_text(nanoseconds: float) -> str:
    """A time in three figures: "33.6 ns", "1.02 us"."""
    for unit, size in (("ns", 1.0), ("us", 1e3), ("ms", 1e6)):
        if nanoseconds < 999.5 * size or unit == "ms":
            return f"{_three(nanoseconds / size)} {unit}"
    raise AssertionError(nanoseconds)


def against(row: Row) -> str:
    """How fast a row is, held to Mainspring's fastest of the same work."""
    if row.ratio is None:
        return ""
    if row.ratio == 1.0 and row.verdict == "ours":
        return "Mainspring's fastest"
    times = f"{_three(row.ratio)}x as fast" if row.ratio >= 1 else f"{_three(1 / row.ratio)}x slower"
    if row.verdict == "even":
        return f"even, within the noise ({times})"
    return f"{times}: faster than Mainspring" if row.verdict == "faster" else times


def _three(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
