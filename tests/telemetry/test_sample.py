from statistics import median_low

from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.telemetry import Histogram, StageBuffer, StageSample


def counted(values: range) -> dict[int, int]:
    """Values as a fused run counts them."""
    histogram = Histogram()
    histogram.record_many(values)
    return histogram.counts()[0]


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=30), st.integers(1, 50))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_every_eighth_value_of_a_buffer_is_sampled(steps: list[tuple[int, bool, bool]], capacity: int) -> None:
    """However often it is looked at and folded in between, the sample has each eighth value once, and no other."""
    buffer = StageBuffer(capacity)
    for value in (900, 901, 902):
        buffer.append(value)
    sample = buffer.watch()
    sampled: list[int] = []
    number = 0
    for count, look, fold in steps:
        for _ in range(count):
            buffer.append(number)
            number += 1
        if look:
            buffer.gather()
            sampled += sample.take()
        if fold:
            buffer.fold_if_full()
    buffer.fold()
    sampled += sample.take()
    assert sampled == list(range(0, number, 8))
    assert len(sample) == 0
    assert buffer.histogram.count == number + 3


def test_counted_values_come_when_they_are_wanted() -> None:
    """So many as asked for, from the lowest to the highest that came at once; unasked, none."""
    sample = StageSample()
    sample.gather_counted(counted(range(1_000, 2_000)))
    assert len(sample) == 0
    sample.want(50)
    sample.gather_counted(counted(range(1_000, 2_000)))
    values = sample.take()
    assert len(values) == 50
    assert (min(values) < 1_020, max(values) > 1_980) == (True, True)
    assert abs(median_low(values) - 1_500) <= 20
    sample.gather_counted(counted(range(1_000, 2_000)))
    assert len(sample) == 0


def test_counted_values_that_come_one_by_one_are_enough_in_time() -> None:
    """With chunks of one message every eighth is taken, until there are as many as were wanted."""
    sample = StageSample()
    sample.want(10)
    for value in range(1_000):
        sample.gather_counted({value: 1})
    assert sample.take() == list(range(4, 84, 8))


def test_values_that_come_both_ways_weigh_alike() -> None:
    """Of a stage with passes in a buffer and counted ones, an eighth of either is taken, asked for or not."""
    buffer = StageBuffer()
    sample = buffer.watch()
    for _ in range(800):
        buffer.append(5_000)
    buffer.gather()
    sample.gather_counted({100: 1_600, 200: 80})
    values = sample.take()
    assert [values.count(5_000), sum(value < 2_048 for value in values)] == [100, 210]
