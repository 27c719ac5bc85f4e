"""The risk gate: every order passes it before it reaches a router."""

from mainspring.risk.gate import CHECK_FAILED, INVALID_ORDER, LIMIT_NOT_SET, Gate

__all__ = ["CHECK_FAILED", "INVALID_ORDER", "LIMIT_NOT_SET", "Gate"]
