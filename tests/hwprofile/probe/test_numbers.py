import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwprofile.cpu_lists import cpu_mask
from hwprofile.probe.numbers import mask_cpus, read_mask


@settings(derandomize=True)
@given(st.sets(st.integers(0, 300)))
def test_masks_are_read_as_they_are_written(cpus):
    """Any set of CPUs, written as a mask in words of 32 bits, is read back."""
    assert mask_cpus(cpu_mask(cpus)) == tuple(sorted(cpus))


def test_the_widest_masks():
    """A kernel that is built for 10,240 CPUs writes 320 words; the highest CPU is in the first."""
    words = ["00000000"] * 320
    assert mask_cpus(",".join(words)) == ()
    words[0], words[-1] = "80000000", "00000003"
    assert mask_cpus(",".join(words)) == (0, 1, 10239)


@pytest.mark.parametrize(
    ("content", "cpus"),
    [
        ("f\n", (0, 1, 2, 3)),
        ("00000003\n\0\0\0", (0, 1)),
        ("\0", ()),
        ("-3\n", None),
        ("0x3\n", None),
        ("3,,1\n", (0, 64, 65)),
        ("", None),
    ],
)
def test_files(tmp_path, content, cpus):
    """Bytes of zero at the end are a kernel's, and no CPU; what isn't a mask is None."""
    (tmp_path / "mask").write_text(content)
    assert read_mask(tmp_path / "mask") == cpus
