"""Reads a capture in blocks through the lane's decoder as far as possible, then with the plain reader."""

from collections.abc import Sequence

from mainspring.data import CaptureReader
from mainspring.errors import DataError
from mainspring.seams import CaptureBlocks, RawMessage

__all__ = ["BlockReader"]


class BlockReader:
    """Has the interface of `mainspring.data.CaptureReader` and gives the same messages, counts and errors.

    `plain` is an unstarted reader of the same file. If the blocks end early, it takes over after the lines that they
    contained, all of which were whole.
    """

    def __init__(self, plain: CaptureReader, blocks: CaptureBlocks) -> None:
        self.path = plain.path
        self.bytes_total = plain.bytes_total
        self._taken = 0
        self._plain = plain
        self._blocks: CaptureBlocks | None = blocks

    @property
    def lines(self) -> int:
        """How many lines were read."""
        return self._plain.lines if self._blocks is None else self._taken

    @property
    def bad_lines(self) -> int:
        """How many lines were skipped."""
        return self._plain.bad_lines

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file were read."""
        return self._plain.bytes_read if self._blocks is None else min(self._blocks.bytes_read, self.bytes_total)

    def take(self, count: int) -> Sequence[RawMessage]:
        """Returns the next messages as `CaptureReader.take` does; from blocks, the next block of any size."""
        if self._blocks is not None:
            block = self._blocks.take()
            self._taken += len(block)
            if len(block) or self._blocks.whole:
                return block
            self._hand_over(self._blocks)
        return self._plain.take(count)

    def close(self) -> None:
        """Stops reading."""
        self._plain.close()
        if self._blocks is not None:
            self._blocks.close()

    def _hand_over(self, blocks: CaptureBlocks) -> None:
        blocks.close()
        self._blocks = None
        left = self._taken
        while left:
            passed = len(self._plain.take(min(left, 4_096)))
            if not passed:
                raise DataError(f"{self.path}: the file shrank while it was read: {left:,} lines are missing")
            left -= passed
