"""Fills the templates of messages to send; see `mainspring.wire.connection`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["fill", "fill_for_all", "fill_text", "names_instrument", "of_symbol"]

_SYMBOLS = ("{venue_symbol}", "{venue_symbol_lower}", "{venue_base}", "{venue_quote}")

_PARTS = re.compile(r"([0-9A-Za-z]*)[^0-9A-Za-z]?(.*)", re.DOTALL)


def names_instrument(template: Any) -> bool:
    """Whether a template names one instrument, outside of arrays, whose items are repeated for each."""
    if isinstance(template, str):
        return any(one in template for one in _SYMBOLS)
    return isinstance(template, Mapping) and any(map(names_instrument, template.values()))


def fill(template: Any, values: Mapping[str, object]) -> Any:
    """A template with its values, which are by name. A text that is nothing but one becomes that value."""
    if isinstance(template, Mapping):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, values) for value in template]
    if not isinstance(template, str) or "{" not in template:
        return template
    whole = template[1:-1]
    if template.startswith("{") and template.endswith("}") and whole in values:
        return values[whole]
    return fill_text(template, values)


def fill_text(template: str, values: Mapping[str, object]) -> str:
    """A text with its values."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template


def fill_for_all(template: Any, venue_symbols: Sequence[str], values: Mapping[str, object]) -> Any:
    """A template with its values, in whose arrays the items that name an instrument are repeated for each.

    Neighbours that name one stay together. Nothing is sent twice: of equal items the first stays.
    """
    if isinstance(template, Mapping):
        return {key: fill_for_all(value, venue_symbols, values) for key, value in template.items()}
    if not isinstance(template, list | tuple):
        return fill(template, {**values, "venue_symbols": ",".join(venue_symbols)})
    filled: list[Any] = []
    group: list[Any] = []
    for item in (*template, None):
        if names_instrument(item):
            group.append(item)
            continue
        for venue_symbol in venue_symbols if group else ():
            made = (fill(one, {**values, **of_symbol(venue_symbol)}) for one in group)
            filled += [one for one in made if one not in filled]
        group = []
        filled.append(fill_for_all(item, venue_symbols, values))
    return filled[:-1]


def of_symbol(venue_symbol: str) -> dict[str, object]:
    """The values that name an instrument."""
    parts = _PARTS.fullmatch(venue_symbol)
    assert parts is not None
    base, quote = parts.groups()
    return {
        "venue_symbol": venue_symbol,
        "venue_symbol_lower": venue_symbol.lower(),
        "venue_base": base,
        "venue_quote": quote,
    }
