"""Parses the kernel's command line, and the lists of CPUs in its parameters."""

from collections.abc import Iterator

__all__ = ["boot_cpus", "isolcpus", "parameter", "parameters"]

_ISOLCPUS_FLAGS = frozenset({"domain", "managed_irq", "nohz"})


def parameters(line: str) -> Iterator[tuple[str, str | None]]:
    """Returns the parameters in order, each with its value, or None if it has none.

    Names have underscores, which the kernel treats like hyphens. A value with spaces is quoted. What follows "--" is
    for the first program, not the kernel.
    """
    for word in _words(line):
        if word == "--":
            return
        name, equals, value = word.partition("=")
        yield name.replace("-", "_"), value.strip('"') if equals else None


def _words(line: str) -> Iterator[str]:
    word, quoted = "", False
    for character in line:
        if character == '"':
            quoted = not quoted
        if character.isspace() and not quoted:
            if word:
                yield word
            word = ""
        else:
            word += character
    if word:
        # If a whole word is quoted, a quote is in front of its name.
        yield word[1:-1] if word.startswith('"') and word.endswith('"') else word


def parameter(line: str, name: str) -> str | None:
    """Returns the last value of a parameter in the command line `line`, or None. Usually the last one counts."""
    values = [value or "" for given, value in parameters(line) if given == name]
    return values[-1] if values else None


def isolcpus(value: str) -> tuple[frozenset[str], str]:
    """Parses the flags and the list of CPUs of `isolcpus=`, such as "domain,managed_irq,2-5".

    Unknown flags are skipped, as the kernel does. Without a known flag, the default is "domain".
    """
    parts = value.split(",")
    flags = set()
    # "all" and "N" are lists that start with a letter; a list is always last.
    while len(parts) > 1 and parts[0][:1].isalpha() and parts[0].lower() != "all" and parts[0] != "N":
        flags.add(parts.pop(0))
    known = frozenset(flags & _ISOLCPUS_FLAGS)
    return known or frozenset({"domain"}), ",".join(parts)


def boot_cpus(text: str, count: int | None) -> tuple[int, ...]:
    """Parses a boot parameter's list of CPUs: "0-3,8", "all", "4-N" and "0-15:2/4" (two of every four).

    `count` is the number of possible CPUs, to which "all" and "N" refer. Raises `ValueError` if it isn't such a list,
    or if it refers to a count that isn't known.
    """
    cpus: set[int] = set()
    for region in filter(None, text.replace(",", " ").split()):
        span, colon, pattern = region.partition(":")
        if span.lower() == "all":
            first, last = 0, _number("N", count)
        else:
            start, dash, end = span.partition("-")
            first = _number(start, count)
            last = _number(end, count) if dash else first
        used, group = _pattern(pattern) if colon else (1, 1)
        if first > last:
            raise ValueError(f"list of CPUs {text!r}: {region!r} ends before it starts")
        cpus.update(cpu for cpu in range(first, last + 1) if (cpu - first) % group < used)
    return tuple(sorted(cpus))


def _number(text: str, count: int | None) -> int:
    if text == "N":
        if count is None:
            raise ValueError("the last CPU isn't known")
        return count - 1
    return int(text)


def _pattern(text: str) -> tuple[int, int]:
    used, _, group = text.partition("/")
    if not 0 < int(used) <= int(group):
        raise ValueError(f"pattern of CPUs {text!r}: wants used/group, used being the smaller")
    return int(used), int(group)
