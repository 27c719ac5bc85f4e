"""Native records of orders and order events, queues between threads, and a pool of records.

They keep the contracts of `mainspring.model.records`, `mainspring.orders.OrderQueue` and `mainspring.orders.OrderPool`.
`SpscQueue` is for one producer and one consumer, each one thread at a time; `MpscQueue` for any number of them.
"""

from mainspring_native._native import (
    MpscQueue,
    OrderPool,
    SpscQueue,
    decode_record,
    decode_records,
    encode_record,
)

__all__ = ["MpscQueue", "OrderPool", "SpscQueue", "decode_record", "decode_records", "encode_record"]
