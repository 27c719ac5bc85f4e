"""Which of Alpaca's accounts is traded, and how it is reached."""

from typing import Annotated, Final, Literal

import msgspec

from mainspring.seams import FileOption
from mainspring.wire import Connection, Login, OrderEntry, Subscribe

__all__ = ["AlpacaOptions"]

_HOSTS: Final = {"paper": "paper-api.alpaca.markets", "live": "api.alpaca.markets"}


class AlpacaOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which account, and where.

    `account` is "paper" or "live": they are different hosts, and have different keys. `rest` (https://...) and `stream`
    (wss://...) stand for the host's addresses, and `trust` is a PEM file with certificates to trust besides the
    system's. `requests_per_minute` is what Alpaca allows the account.
    """

    account: Literal["paper", "live"] = "paper"
    rest: str = ""
    stream: str = ""
    trust: FileOption = ""
    requests_per_minute: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 200

    def entry(self) -> OrderEntry:
        """Returns how the venue is reached."""
        host = _HOSTS[self.account]
        return OrderEntry(
            rest=self.rest or f"https://{host}",
            headers={"APCA-API-KEY-ID": "{key}", "APCA-API-SECRET-KEY": "{secret}"},
            connection=Connection(
                address=self.stream or f"wss://{host}/stream",
                subscribe=(Subscribe(message={"action": "listen", "data": {"streams": ["trade_updates"]}}),),
                login=Login(
                    message={"action": "auth", "key": "{key}", "secret": "{secret}"},
                    accepted={"stream": "authorization", "data.status": "authorized"},
                    refused={"stream": "authorization", "data.status": "unauthorized"},
                ),
            ),
            credentials="alpaca",
            trust=self.trust,
        )
