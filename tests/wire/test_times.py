"""RFC 3339 times, read to the nanosecond."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.wire._times import rfc3339_to_ns


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2023-04-06T11:54:21.670905508Z", 1680782061670905508),
        ("2021-02-22T15:51:44.208Z", 1614009104208000000),
        ("2021-02-22t15:51:44.208z", 1614009104208000000),
        ("2021-02-22T17:21:44+01:30", 1614009104000000000),
        ("2016-12-31T23:59:60Z", 1483228800000000000),
    ],
)
def test_known_times(text, time_ns):
    """Fractions of any length up to nine, offsets and a leap second come out exact."""
    assert rfc3339_to_ns(text) == time_ns


@given(
    st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-1439, 1439),
)
def test_agrees_with_the_standard_library(moment, offset_minutes):
    """Any time and offset comes out as the standard library has it."""
    zoned = moment.replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=offset_minutes)))
    since = zoned - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    whole = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
    assert rfc3339_to_ns(zoned.isoformat()) == whole


def test_times_of_one_second_differ_by_their_decimals():
    """A second that was read before is remembered: its decimals aren't, nor is it taken for that of an offset."""
    first = rfc3339_to_ns("2023-04-06T11:54:21.5Z")
    assert rfc3339_to_ns("2023-04-06T11:54:21.000000001Z") == first - 499_999_999
    assert rfc3339_to_ns("2023-04-06T11:54:21Z") == first - 500_000_000
    assert rfc3339_to_ns("2023-04-06T11:54:21.5+01:00") == first - 3_600_000_000_000
    assert rfc3339_to_ns("2023-04-06T11:54:21.25z") == first - 250_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-04-06",
        "2023-04-06T11:54:21",
        "2023-04-06T11:54:21.Z",
        "2023-04-06T11:54:21.1234567890Z",
        "2023-02-29T00:00:00Z",
        "2023-04-06T24:00:00Z",
        "2023-04-06T23:60:00Z",
        "2023-04-06T23:59:61Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "\uff122023-04-06T11:54:21Z",
        "2023-04-06T11:54:21Z\n",
    ],
)
@pytest.mark.parametrize("before", ["2020-01-01T00:00:00Z", "2023-04-06T11:54:21Z"])
def test_refused(before, text):
    """What isn't such a time is refused, the second of the time before it or another."""
    rfc3339_to_ns(before)
    with pytest.raises(ValueError, match=r"is|day|month"):
        rfc3339_to_ns(text)
