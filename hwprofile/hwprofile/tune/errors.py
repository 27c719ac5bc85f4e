"""The errors of a race."""

__all__ = ["ProcessLostError", "RaceError"]


class RaceError(Exception):
    """A race can't run: its default can't run, or a requirement is missing. Says what to do."""


class ProcessLostError(RaceError):
    """A process of the race ended, or didn't answer in time."""
