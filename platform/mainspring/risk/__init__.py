"""The gate that every order passes before it may reach a router."""

from mainspring.risk.gate import CHECK_FAILED, INVALID_ORDER, LIMIT_NOT_SET, Gate

__all__ = ["CHECK_FAILED", "INVALID_ORDER", "LIMIT_NOT_SET", "Gate"]
