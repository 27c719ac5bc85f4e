"""What keeps a race from being held."""

__all__ = ["ProcessLostError", "RaceError"]


class RaceError(Exception):
    """A race can't be held: its default can't run, or what it needs isn't here. Says what to do."""


class ProcessLostError(RaceError):
    """A process of the race ended, or said nothing in time, where an answer was due."""
