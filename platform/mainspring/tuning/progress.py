"""What is told while a tune is under way."""

from typing import Protocol

__all__ = ["Progress"]


class Progress(Protocol):
    """Told how far a tune has come."""

    def __call__(self, step: str, done: float) -> None:
        """`step` is what is being done, and `done` how much of it, from 0 to 1."""
        ...
