"""The lifecycle of an order as a table: what each event leads to in each state.

Words of the venue that the state doesn't allow are discrepancies: they lead somewhere too, so that no word of a venue
can end a lane. What we do ourselves in a state that doesn't allow it is an error of ours, and has no row.
"""

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from mainspring.orders.discrepancy import (
    ACKNOWLEDGED_TWICE,
    AFTER_END,
    NEVER_SENT,
    UNACKNOWLEDGED,
    UNREQUESTED,
)

__all__ = ["ENDED", "LIFECYCLE", "LifecycleEvent", "OrderState", "Transition"]


class OrderState(enum.StrEnum):
    """The state of an order. `FILLED`, `CANCELLED`, `REJECTED` and `EXPIRED` are final.

    `APPROVED` by the risk gate, but not sent yet; `IN_FLIGHT`: sent, and not acknowledged yet. `UNKNOWN`: an answer is
    overdue or the connection went down, so the order may or may not be open.
    """

    # Enum's own hash is a Python function, which costs more than the rest of a look-up.
    __hash__ = str.__hash__

    CREATED = "created"
    APPROVED = "approved"
    IN_FLIGHT = "in-flight"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially-filled"
    FILLED = "filled"
    CANCEL_PENDING = "cancel-pending"
    REPLACE_PENDING = "replace-pending"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class LifecycleEvent(enum.Enum):
    """What can happen to an order: first what we do, then what the venue reports.

    A fill is `LAST_FILL` if it completes the order, or exceeds it. An answer to a cancel or replace that wasn't
    requested has an event of its own.
    """

    APPROVE = enum.auto()
    SEND = enum.auto()
    REQUEST_CANCEL = enum.auto()
    REQUEST_REPLACE = enum.auto()
    LOSE_CONTACT = enum.auto()
    ACCEPTED = enum.auto()
    REJECTED = enum.auto()
    FILL = enum.auto()
    LAST_FILL = enum.auto()
    CANCELLED = enum.auto()
    EXPIRED = enum.auto()
    REPLACED = enum.auto()
    UNREQUESTED_REPLACED = enum.auto()
    REQUEST_REJECTED = enum.auto()
    UNREQUESTED_REJECTED = enum.auto()


class Transition(NamedTuple):
    """Where an event leads, and as what discrepancy it is recorded ("" if it is none).

    `state` is None if the order stays in its state. `settles` means that the state follows from what the order knows:
    in flight if unacknowledged, else cancel or replace pending if one is unanswered, else partially filled or accepted.
    """

    state: OrderState | None
    settles: bool
    discrepancy: str


_S, _E = OrderState, LifecycleEvent
ENDED: Final = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED})
_CREATED = frozenset({_S.CREATED})
_APPROVED = frozenset({_S.APPROVED})
_UNSENT = _CREATED | _APPROVED
_FLYING = frozenset({_S.IN_FLIGHT})
_LIVE = frozenset({_S.ACCEPTED, _S.PARTIALLY_FILLED, _S.CANCEL_PENDING, _S.REPLACE_PENDING})
_LOST = frozenset({_S.UNKNOWN})

_SAME, _WORKING = "same", "working"
_Row: TypeAlias = tuple[LifecycleEvent, frozenset[OrderState], OrderState | str, str]

_TABLE: tuple[_Row, ...] = (
    # event                  in these states           next state    recorded as
    (_E.APPROVE,             _CREATED,                 _S.APPROVED,  ""),
    (_E.SEND,                _APPROVED,                _S.IN_FLIGHT, ""),
    (_E.REQUEST_CANCEL,      _FLYING | _LIVE,          _WORKING,     ""),
    (_E.REQUEST_CANCEL,      _LOST | _APPROVED,        _SAME,        ""),
    (_E.REQUEST_REPLACE,     _FLYING | _LIVE,          _WORKING,     ""),
    (_E.REQUEST_REPLACE,     _LOST | _APPROVED,        _SAME,        ""),
    (_E.LOSE_CONTACT,        _FLYING | _LIVE | _LOST,  _S.UNKNOWN,   ""),

    (_E.ACCEPTED,            _FLYING | _LOST,          _WORKING,     ""),
    (_E.ACCEPTED,            _LIVE,                    _SAME,        ACKNOWLEDGED_TWICE),
    (_E.ACCEPTED,            _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.ACCEPTED,            ENDED,                    _SAME,        AFTER_END),

    (_E.REJECTED,            _FLYING | _LOST,          _S.REJECTED,  ""),
    (_E.REJECTED,            _LIVE,                    _S.UNKNOWN,   ACKNOWLEDGED_TWICE),
    (_E.REJECTED,            _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.REJECTED,            ENDED,                    _SAME,        AFTER_END),

    # Whatever its state was, a fill moves the position.
    (_E.FILL,                _LIVE | _LOST,            _WORKING,     ""),
    (_E.FILL,                _FLYING,                  _WORKING,     UNACKNOWLEDGED),
    (_E.FILL,                _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.FILL,                ENDED,                    _SAME,        AFTER_END),

    (_E.LAST_FILL,           _LIVE | _LOST,            _S.FILLED,    ""),
    (_E.LAST_FILL,           _FLYING,                  _S.FILLED,    UNACKNOWLEDGED),
    (_E.LAST_FILL,           _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.LAST_FILL,           ENDED,                    _SAME,        AFTER_END),

    (_E.CANCELLED,           _LIVE | _LOST,            _S.CANCELLED, ""),
    (_E.CANCELLED,           _FLYING,                  _S.CANCELLED, UNACKNOWLEDGED),
    (_E.CANCELLED,           _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.CANCELLED,           ENDED,                    _SAME,        AFTER_END),

    (_E.EXPIRED,             _LIVE | _LOST,            _S.EXPIRED,   ""),
    (_E.EXPIRED,             _FLYING,                  _S.EXPIRED,   UNACKNOWLEDGED),
    (_E.EXPIRED,             _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.EXPIRED,             ENDED,                    _SAME,        AFTER_END),

    (_E.REPLACED,            _LIVE | _LOST,            _WORKING,     ""),
    (_E.REPLACED,            _FLYING,                  _WORKING,     UNACKNOWLEDGED),
    (_E.REPLACED,            _UNSENT,                  _SAME,        NEVER_SENT),
    (_E.REPLACED,            ENDED,                    _SAME,        AFTER_END),

    (_E.UNREQUESTED_REPLACED, _FLYING | _LIVE | _LOST, _WORKING,     UNREQUESTED),
    (_E.UNREQUESTED_REPLACED, _UNSENT,                 _SAME,        NEVER_SENT),
    (_E.UNREQUESTED_REPLACED, ENDED,                   _SAME,        AFTER_END),

    # An order can be filled or cancelled while a request is on its way, so this answer may come after the end.
    (_E.REQUEST_REJECTED,    _FLYING | _LIVE | _LOST,  _WORKING,     ""),
    (_E.REQUEST_REJECTED,    ENDED,                    _SAME,        ""),
    (_E.REQUEST_REJECTED,    _UNSENT,                  _SAME,        NEVER_SENT),

    (_E.UNREQUESTED_REJECTED, _FLYING | _LIVE | _LOST | ENDED, _SAME, UNREQUESTED),
    (_E.UNREQUESTED_REJECTED, _UNSENT,                 _SAME,        NEVER_SENT),
)  # fmt: skip


def _transition(following: OrderState | str, discrepancy: str) -> Transition:
    state = following if isinstance(following, OrderState) else None
    return Transition(state, following == _WORKING, discrepancy)


LIFECYCLE: Final[Mapping[LifecycleEvent, Mapping[str, Transition]]] = {
    event: {
        state: _transition(following, discrepancy)
        for row_event, states, following, discrepancy in _TABLE
        if row_event is event
        for state in states
    }
    for event in LifecycleEvent
}
"""The transition of each event in each state. What we may not do in a state has none."""
