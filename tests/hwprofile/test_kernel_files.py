import pytest

from hwprofile.kernel_files import parse_cpu_list


@pytest.mark.parametrize(
    ("text", "cpus"), [("0-3,8\n", (0, 1, 2, 3, 8)), ("8,1-2", (1, 2, 8)), ("1,1-1", (1,)), ("", ())]
)
def test_lists(text, cpus):
    """The kernel's lists of CPUs: ranges and single ones in any order, each CPU once."""
    assert parse_cpu_list(text) == cpus


@pytest.mark.parametrize("text", ["0-x", "3-1", "-1", "0-", "1--2", "0-99999999999", "99999999999999999999"])
def test_what_is_no_list(text):
    """What isn't a list is an error, before a range that no kernel has could fill the memory."""
    with pytest.raises(ValueError, match=r"invalid literal|is no range of CPUs"):
        parse_cpu_list(text)
