"""The files that order logs are kept in: one for each feed in each lane."""

from pathlib import Path

from mainspring.errors import ConfigError
from mainspring.host.plan import SessionPlan

__all__ = ["order_log_files"]


def order_log_files(session: SessionPlan, wanted: Path | None) -> dict[str, dict[str, Path]]:
    """The file of each lane's feeds, by the lane's name and the feed's; empty where none is wanted.

    The only log of a session has the name that was wanted. Of several, each has its feed and its lane put before the
    name's ending: `orders.spot.2.log`. Raises `ConfigError` where one can't be written; each is empty then.
    """
    if wanted is None:
        return {lane.name: {} for lane in session.lanes}
    several = sum(len(lane.parts) for lane in session.lanes) > 1
    files: dict[str, dict[str, Path]] = {}
    for lane in session.lanes:
        tail = [lane.name] if len(session.lanes) > 1 else []
        for part in lane.parts:
            middle = ".".join([*([part.name] if part.name else []), *tail])
            path = wanted.with_name(f"{wanted.stem}.{middle}{wanted.suffix}") if several else wanted
            files.setdefault(lane.name, {})[part.name] = path
            try:
                path.write_bytes(b"")
            except OSError as error:
                raise ConfigError(f"{path} can't be written: {error.strerror}") from error
    return files
