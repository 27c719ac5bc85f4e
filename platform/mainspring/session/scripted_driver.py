"""Feeds a lane the events of a list, in order."""

from mainspring.errors import CodecError, DataError, PluginError, WireError
from mainspring.lane import Durable, Event, Messages
from mainspring.session.driver import Driver

__all__ = ["ScriptedDriver"]


class ScriptedDriver(Driver):
    """Feeds a lane the events of a list, in order: for tests, and for recorded inputs.

    Simulated routers see the market and the requests as they did, but what they report isn't fed: the list has that.
    """

    _takes_executions = False

    def replay(self, event: Event) -> None:
        """Feeds one event. A message that can't be read is passed over, as it was when the event was recorded.

        Raises `DataError` if something is due before a message: the lane isn't the one that was recorded.
        """
        if not isinstance(event, Messages):
            self._poll_until(self.lane.now_ns if isinstance(event, Durable) else event.now_ns)
            self.feed(event)
            return
        at = event.start
        while at < len(event.messages):
            self._poll_until(event.messages[at][0])
            try:
                self.feed(Messages(event.feed, event.messages, at, event.until_ns))
            except (WireError, CodecError):
                at = self.lane.at + 1
                continue
            if self.lane.at == at:
                raise DataError(
                    f"the inputs don't fit this session: at {self.lane.next_due_ns} ns a timer or a refusal is due "
                    "that wasn't when they were recorded; run them with the config of the recorded session"
                )
            at = self.lane.at

    def _router_failed(self, index: int, order_id: int | None, error: PluginError) -> None:
        """Keeps the error: the list says when the lane learned of it."""
        self.failures.append(error)

    def _poll_until(self, now_ns: int) -> None:
        """Lets routers do what they did by a time."""
        for index, router in list(self._polled.items()):
            try:
                while router.due_ns <= now_ns:
                    self._poll[index](max(router.due_ns, self.lane.now_ns))
            except PluginError as error:
                del self._polled[index]
                self._router_failed(index, None, error)
