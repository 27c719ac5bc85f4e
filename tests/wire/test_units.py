"""The tables of units give what the plain conversion gives, and remember nothing wrong."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.errors import GridError
from mainspring.model import units_from_number, units_from_text
from mainspring.wire import _units
from mainspring.wire._tree_units import TreeUnits
from mainspring.wire._units import NumberUnits, TextUnits

_STEPS = [Decimal(text) for text in ("0.01", "1E-8", "1", "0.5", "0.025", "10", "100", "1E+3", "0.0001", "3")]
_TEXTS = st.one_of(
    st.from_regex(r"\A[0-9]{1,12}(\.[0-9]{1,10})?\Z"),
    st.from_regex(r"\A[0-9]{1,25}\.?0{0,45}\Z"),
    st.text("0123456789.-+_eE \u0661\uff11", max_size=12),
    st.sampled_from(["1_0", " 1", "1 ", "+1", "-0", "\uff11", "1.", ".5", "", ".", "1..2", "1.2.3", "0x1", "1e5"]),
    st.sampled_from(["nan", "NaN", "inf", "Infinity", "9" * 64, "9" * 65, "0" * 70, "0." + "0" * 62 + "1"]),
)


def _outcome(convert):
    try:
        return convert()
    except GridError as error:
        return "refused", error.problem


@given(st.sampled_from(_STEPS), st.lists(_TEXTS, max_size=5))
def test_text_twins(step, texts):
    """Whatever the text, the table and the plain conversion agree, the second time too."""
    table = TextUnits(step)
    for text in texts + texts:
        plain = _outcome(lambda text=text: units_from_text(text, step, instrument="", field=""))
        assert _outcome(lambda text=text: table.of(text)) == plain


@given(
    st.sampled_from(_STEPS),
    st.lists(st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=3)), max_size=6),
)
def test_number_twins(step, numbers):
    """Whatever the value, the table and the plain conversion agree, the second time too."""
    table = NumberUnits(step)
    for number in numbers + numbers:
        if not isinstance(number, bool):
            plain = _outcome(lambda number=number: units_from_number(number, step, instrument="", field=""))
            assert _outcome(lambda number=number: table.of(number)) == plain
        else:
            with pytest.raises(GridError):
                table.of(number)


@given(
    st.sampled_from(_STEPS),
    st.lists(
        st.one_of(
            st.integers(),
            st.floats(),
            st.decimals(0, 10**14, places=8).map(float),
            st.decimals(0, 10**6, places=2).map(float),
        ),
        max_size=6,
    ),
)
def test_numbers_of_messages_with_paths(step, numbers):
    """A number read by a path is converted as any other, however short the way to its units."""
    table = TreeUnits(step, None, "ONE")
    for number in numbers + numbers:
        plain = _outcome(lambda number=number: units_from_number(number, step, instrument="ONE", field="price"))
        assert _outcome(lambda number=number: table.of(number, "price")) == plain
        assert table.find(number) in (None, plain)


def test_booleans_never_hit_a_number():
    """True is a key equal to 1 and False to 0; what 1 and 0 left in a table isn't theirs."""
    for table, one, zero in ((TextUnits(Decimal(1)), "1", "0"), (NumberUnits(Decimal(1)), 1, 0.0)):
        assert (table.of(one), table.of(zero)) == (1, 0)
        for value in (True, False):
            with pytest.raises(GridError):
                table.of(value)


def test_memory_is_bounded(monkeypatch):
    """A full table is emptied, and goes on giving the right answers."""
    monkeypatch.setattr(_units, "MEMO_ENTRIES", 10)
    texts, numbers = TextUnits(Decimal(1)), NumberUnits(Decimal(1))
    for n in range(100):
        assert texts.of(str(n)) == numbers.of(n) == n
        assert len(texts._known) <= 10
        assert len(numbers._known) <= 10


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("padded", ["1000", "1000.", "1000.00", "1000.00000000"])
def test_nothing_slips_in_with_the_padding(step, padded):
    """Once a venue's padding is known, texts that only look like it are refused as before."""
    for text in (
        "5.",
        ".5",
        "",
        ".",
        "\uff15000",
        "\uff15000.00",
        "5000.\uff10\uff10",
        "5_0.00",
        " 5.00",
        "-5.00",
        "+5000",
    ):
        table = TextUnits(step)
        _outcome(lambda table=table: table.of(padded))
        for tried in (text, text + padded[4:], text + "000000"):
            plain = _outcome(lambda tried=tried: units_from_text(tried, step, instrument="", field=""))
            assert _outcome(lambda tried=tried, table=table: table.of(tried)) == plain
