"""What the Alpaca feeds share: batches of messages identified by "T", bars, and messages about the connection.

Alpaca writes prices and sizes as numbers, over JSON and over msgpack.
"""

from mainspring.wire import BarMessage, ControlMessage, Integer, Login, Number, Price, Rfc3339, Size, Text, Time

__all__ = ["BARS", "CONTROLS", "LOGIN", "SYMBOL", "TIME"]

SYMBOL = Text("S")

TIME: Time = Rfc3339("t")

CONTROLS = (
    ControlMessage(when={"T": "success"}, kind="success", text=Text("msg")),
    ControlMessage(when={"T": "subscription"}, kind="subscription"),
    ControlMessage(when={"T": "error"}, kind="error", code=Integer("code"), text=Text("msg")),
)

LOGIN = Login(
    message={"action": "auth", "key": "{key}", "secret": "{secret}"},
    accepted={"0.T": "success", "0.msg": "authenticated"},
)

BARS = tuple(
    BarMessage(
        when={"T": kind},
        symbol=SYMBOL,
        event_time=TIME,
        open=Price("o", number=True),
        high=Price("h", number=True),
        low=Price("l", number=True),
        close=Price("c", number=True),
        volume=Size("v", number=True),
        trades=Integer("n", optional=True),
        vwap=Number("vw", optional=True),
    )
    for kind in ("b", "d", "u")
)
"""Minute bars, daily bars, and minute bars updated by late trades."""
