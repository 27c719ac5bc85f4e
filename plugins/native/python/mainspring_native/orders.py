"""A native order tracker, records of orders and order events, queues between threads, and a pool of records.

They keep the contracts of `mainspring.orders.OrderTracker`, `mainspring.model.records`, `mainspring.orders.OrderQueue`
and `mainspring.orders.OrderPool`. The tracker takes numbers of 64 bits; `OverflowError` names one that is larger.
`SpscQueue` is for one producer and one consumer, each one thread at a time; `MpscQueue` for any number of them.
"""

from mainspring_native._native import (
    MpscQueue,
    OrderPool,
    OrderTracker,
    SpscQueue,
    decode_record,
    decode_records,
    encode_record,
)

__all__ = ["MpscQueue", "OrderPool", "OrderTracker", "SpscQueue", "decode_record", "decode_records", "encode_record"]
