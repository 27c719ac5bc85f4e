"""The risk gate: every request passes it before it reaches a router."""

from mainspring.risk.gate import (
    CHECK_FAILED,
    INVALID_ORDER,
    LIMIT_NOT_SET,
    NOT_YOURS,
    ORDER_ENDED,
    UNKNOWN_ORDER,
    Gate,
    changeable,
)

__all__ = [
    "CHECK_FAILED",
    "INVALID_ORDER",
    "LIMIT_NOT_SET",
    "NOT_YOURS",
    "ORDER_ENDED",
    "UNKNOWN_ORDER",
    "Gate",
    "changeable",
]
