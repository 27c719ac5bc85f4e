"""What is reported while a tune runs."""

from typing import Protocol

__all__ = ["Progress"]


class Progress(Protocol):
    """Called with the progress of a tune."""

    def __call__(self, step: str, done: float) -> None:
        """`step` is what is being done, and `done` how much of it, from 0 to 1."""
        ...
