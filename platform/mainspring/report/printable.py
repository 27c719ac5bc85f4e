"""Names from configs and plugins, made safe to print."""

__all__ = ["printable"]


def printable(text: str) -> str:
    """Replaces everything that isn't a visible character or a space with U+FFFD.

    Escape sequences, line breaks, direction overrides and lone surrogates in a name would otherwise reach the terminal
    or break the page.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
