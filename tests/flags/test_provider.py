"""Our flags through OpenFeature's client."""

from collections.abc import Iterator
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from mainspring.flags import Flag
from mainspring.flags.provider import FlagProvider

FLAGS = {
    one.name: one
    for one in (
        Flag(name="book", slot="book", plugin="ladder", options={"levels": 9}, share_bp=5_000),
        Flag(name="wide", value=3, otherwise=2, share_bp=5_000, unit="strategy"),
        Flag(name="late", share_bp=10_000, start_ns=10),
    )
}
IN, OUT = (next(f"k{n}" for n in range(99) if FLAGS["book"].takes(f"k{n}") is taken) for taken in (True, False))


class Clock:
    now_ns = 0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[OpenFeatureClient]:
    api.set_provider_and_wait(FlagProvider(lambda: FLAGS, lambda: clock.now_ns), "flags of the test")
    yield api.get_client("flags of the test")
    api.clear_providers()


def key(name: str) -> EvaluationContext:
    return EvaluationContext(targeting_key=name)


def test_a_flag_with_a_slot_gives_its_candidate_to_its_share(client: OpenFeatureClient) -> None:
    """Whether a key is taken, by which plugin, and with which options; the others get the client's defaults."""
    assert client.get_boolean_value("book", False, key(IN))
    assert not client.get_boolean_value("book", True, key(OUT))
    assert client.get_string_value("book", "usual", key(IN)) == "ladder"
    assert client.get_string_value("book", "usual", key(OUT)) == "usual"
    assert client.get_object_value("book", {}, key(IN)) == {"levels": 9}
    details = client.get_boolean_details("book", False, key(IN))
    assert (details.reason, details.variant) == (Reason.SPLIT, "candidate")


def test_a_flag_without_a_slot_gives_its_value(client: OpenFeatureClient) -> None:
    """To its share; to the others what it says for them, not the client's default."""
    found = {client.get_integer_value("wide", 7, key(f"k{n}")) for n in range(50)}
    assert found == {2, 3}
    assert client.get_float_value("wide", 7.0, key("k")) in (2, 3)


def test_a_flag_gives_nothing_before_it_begins(client: OpenFeatureClient, clock: Clock) -> None:
    """It says that it is disabled."""
    assert client.get_boolean_details("late", True, key("k")).reason == Reason.DISABLED
    assert not client.get_boolean_value("late", True, key("k"))
    clock.now_ns = 10
    assert client.get_boolean_value("late", False, key("k"))


@pytest.mark.parametrize(
    ("name", "context", "code"),
    [
        ("none", key("k"), ErrorCode.FLAG_NOT_FOUND),
        ("book", None, ErrorCode.TARGETING_KEY_MISSING),
        ("wide", key("k"), ErrorCode.TYPE_MISMATCH),
    ],
)
def test_a_question_without_an_answer_gets_the_default(
    client: OpenFeatureClient, name: str, context: Any, code: ErrorCode
) -> None:
    """With OpenFeature's code for what is wrong."""
    details = client.get_boolean_details(name, True, context)
    assert (details.value, details.error_code) == (True, code)
