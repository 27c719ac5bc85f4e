"""Reads values from kernel files of the form `Name:   value kB`."""

__all__ = ["has_capability", "status_bytes", "status_field"]


def status_field(text: str, name: str) -> str | None:
    """Returns a field's text; None if there is no such field."""
    for line in text.splitlines():
        before, colon, value = line.partition(":")
        if colon and before == name:
            return value.strip()
    return None


def status_bytes(text: str, name: str) -> int | None:
    """Returns a field's value in bytes (the file has kB); None if there is no such field."""
    value = status_field(text, name)
    return None if value is None else int(value.split()[0]) * 1024


def has_capability(status: str, number: int) -> bool:
    """Whether the effective capabilities of a `status` file include capability `number`; False if it doesn't say."""
    mask = status_field(status, "CapEff")
    return mask is not None and bool(int(mask, 16) >> number & 1)
