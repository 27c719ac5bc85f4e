"""A capture that is read in blocks by the lane's decoder, as far as that goes, and by the plain reader from there."""

from collections.abc import Sequence

from mainspring.data import CaptureReader
from mainspring.errors import DataError
from mainspring.seams import CaptureBlocks, RawMessage

__all__ = ["BlockReader"]


class BlockReader:
    """Has what `mainspring.data.CaptureReader` has, and gives the same messages, counts and errors.

    `plain` is a reader of the same file that hasn't begun. It takes over where the blocks end early, behind the lines
    that they had, all of which were whole.
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
        """How many lines were passed over."""
        return self._plain.bad_lines

    @property
    def bytes_read(self) -> int:
        """How far the file has been read."""
        return self._plain.bytes_read if self._blocks is None else min(self._blocks.bytes_read, self.bytes_total)

    def take(self, count: int) -> Sequence[RawMessage]:
        """The next messages, as `CaptureReader.take`; of blocks, the next one, whatever it holds."""
        if self._blocks is not None:
            block = self._blocks.take()
            self._taken += len(block)
            if len(block) or self._blocks.whole:
                return block
            self._hand_over(self._blocks)
        return self._plain.take(count)

    def close(self) -> None:
        """Reads no further."""
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
                raise DataError(f"{self.path}: it has become shorter while it was read: {left:,} lines are gone")
            left -= passed
