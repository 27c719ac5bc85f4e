"""Flags: who is in a share, and when a flag applies."""

import msgspec
import pytest

from mainspring.flags import ALL_BP, Flag, describe_share, parse_share

KEYS = [f"key {number}" for number in range(4_000)]


def members(flag: Flag) -> set[str]:
    return {key for key in KEYS if flag.takes(key)}


def test_a_larger_share_only_adds_members() -> None:
    """Raised from nothing to everything, no key ever leaves; each share has about as many as it says."""
    before: set[str] = set()
    for share_bp in (0, 1, 500, 2_500, 5_000, 9_999, ALL_BP):
        now = members(Flag(name="fast", share_bp=share_bp))
        assert before <= now
        # Five standard deviations of a binomial share.
        assert abs(len(now) / len(KEYS) - share_bp / ALL_BP) <= 5 * (0.25 / len(KEYS)) ** 0.5
        before = now
    assert before == set(KEYS)


def test_the_same_keys_are_taken_in_every_process() -> None:
    """The places of keys are written down here: they depend on the salt and the key alone."""
    flag = Flag(name="fast", share_bp=5_000)
    assert [flag.bucket(key) for key in ("BTC/USDT", "ETH/USDT", "maker")] == [6424, 4122, 2082]


def test_a_salt_decides_who_is_taken_together() -> None:
    """Flags take keys apart from each other, unless they have one salt."""
    one, other = Flag(name="one", share_bp=5_000), Flag(name="other", share_bp=5_000)
    both = len(members(one) & members(other)) / len(KEYS)
    assert 0.2 < both < 0.3
    assert members(Flag(name="one", share_bp=5_000, salt="s")) == members(Flag(name="other", share_bp=5_000, salt="s"))


def test_members_named_outside_count_instead_of_the_share() -> None:
    """What a provider has named is taken, whatever the share is."""
    flag = Flag(name="fast", share_bp=0, members=("maker",))
    assert flag.takes("maker")
    assert not msgspec.structs.replace(flag, members=()).takes("maker")


@pytest.mark.parametrize(
    ("start_ns", "end_ns", "at"), [(0, 0, {0, 5, 9}), (5, 0, {5, 9}), (0, 9, {0, 5}), (5, 9, {5}), (6, 9, set())]
)
def test_a_flag_applies_from_its_start_up_to_its_end(start_ns: int, end_ns: int, at: set[int]) -> None:
    """Its start is in it, and its end isn't."""
    flag = Flag(name="fast", start_ns=start_ns, end_ns=end_ns)
    assert {now_ns for now_ns in (0, 5, 9) if flag.applies_at(now_ns)} == at


@pytest.mark.parametrize(("text", "share_bp"), [("5%", 500), ("0.25 %", 25), ("100", ALL_BP), ("0", 0)])
def test_shares_are_percentages(text: str, share_bp: int) -> None:
    """With the sign or without it, to a hundredth of a percent."""
    assert parse_share(text) == share_bp
    assert parse_share(describe_share(share_bp)) == share_bp


@pytest.mark.parametrize("text", ["", "half", "-1%", "100.01%", "0.001%", "nan", "1e9"])
def test_what_is_no_share_is_refused(text: str) -> None:
    """The error names what was given, and says what is valid."""
    with pytest.raises(ValueError, match=r"is no share: give a percentage from 0% to 100%"):
        parse_share(text)
