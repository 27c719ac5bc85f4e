"""Stage buffers and budgets."""

import msgspec
import pytest

from mainspring.telemetry import STAGES, Budget, StageBuffer


def test_append_stays_bound_over_folds() -> None:
    """A lane binds `append` once: what it writes after a fold arrives all the same, and nothing is lost or doubled."""
    buffer = StageBuffer(capacity=4)
    append = buffer.append
    for value in range(1, 11):
        append(value)
        buffer.fold_if_full()
        assert len(buffer.values) < 4
    buffer.fold()
    assert not buffer.values
    assert buffer.histogram.percentiles([0, 10, 50, 100]) == [1, 1, 5, 10]
    assert buffer.histogram.count == 10


def test_fold_if_full_leaves_a_buffer_that_isnt_full() -> None:
    """Folding costs, so it waits until there is something to fold."""
    buffer = StageBuffer(capacity=3)
    buffer.append(7)
    buffer.fold_if_full()
    assert buffer.values == [7]
    assert buffer.histogram.count == 0


def test_a_capacity_of_nothing_is_refused() -> None:
    """A buffer that is always full would fold at each message."""
    with pytest.raises(ValueError, match="capacity"):
        StageBuffer(capacity=0)


def test_default_budgets_are_the_documented_ones() -> None:
    """Feed, book, slippage 100, risk 200, journal 20000, route 500, venue 4000, whole path 5000 microseconds."""
    budget = Budget()
    assert [budget.of(stage) for stage in STAGES] == [100, 100, None, 100, 200, 20_000, 500, 4000, 5000]


def test_stages_timed_as_one_are_budgeted_together() -> None:
    """The budget of a fused stage is the sum, and none where a part has none."""
    assert Budget().of("feed", "book") == 200
    assert Budget().of("book", "strategy") is None
    with pytest.raises(ValueError, match="unknown stage 'bok'"):
        Budget().of("bok")


def test_budget_decodes_from_a_config_table() -> None:
    """Whole microseconds are taken; misspelt keys and budgets of nothing are refused."""
    assert msgspec.convert({"whole_path_us": 5_000, "strategy_us": 50}, Budget) == Budget(strategy_us=50)
    with pytest.raises(msgspec.ValidationError, match="whole_us"):
        msgspec.convert({"whole_us": 1}, Budget)
    with pytest.raises(msgspec.ValidationError, match="risk_us"):
        msgspec.convert({"risk_us": 0}, Budget)
