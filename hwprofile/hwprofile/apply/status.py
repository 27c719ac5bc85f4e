"""Reads figures out of the kernel's files of the form `Name:   value kB`."""

__all__ = ["has_capability", "status_bytes", "status_field"]


def status_field(text: str, name: str) -> str | None:
    """The value of that name, as it stands there; None if there is none."""
    for line in text.splitlines():
        before, colon, value = line.partition(":")
        if colon and before == name:
            return value.strip()
    return None


def status_bytes(text: str, name: str) -> int | None:
    """The value of that name, which stands there in kB, in bytes; None if there is none."""
    value = status_field(text, name)
    return None if value is None else int(value.split()[0]) * 1024


def has_capability(status: str, number: int) -> bool:
    """Whether the effective capabilities of a `status` file include capability `number`; False if it doesn't say."""
    mask = status_field(status, "CapEff")
    return mask is not None and bool(int(mask, 16) >> number & 1)
