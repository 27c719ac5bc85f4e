"""A native order tracker.

It keeps the contract of `mainspring.orders.OrderTracker`, and takes numbers of 64 bits; `OverflowError` names one that
is larger.
"""

from mainspring_native._native import OrderTracker

__all__ = ["OrderTracker"]
