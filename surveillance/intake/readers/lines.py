"""From pieces of text to whole lines: a line ends with LF or CRLF; one that is too long is kept short, and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Lines:
    """Blocks of whole lines (each ended by LF), then `unended`: what stands after the last end of line.

    `count` is the number of lines given so far. A line longer than `longest` characters is kept to one more than
    that: enough to see that it is too long, whatever a sender does.
    """

    def __init__(self, pieces: Iterable[str], longest: int) -> None:
        self.pieces, self.longest = pieces, longest
        self.unended, self.count = "", 0

    def blocks(self) -> Iterator[tuple[str, int]]:
        """Each block with the whole lines of one piece, and how many there are; none is empty."""
        carry = ""
        for piece in self.pieces:
            end = piece.rfind("\n") + 1
            if not end:
                carry = (carry + piece)[: self.longest + 2]
                continue
            block = carry + piece[:end]
            carry = piece[end:][: self.longest + 2]
            yield self._clean(block)
        self.unended = carry
        self.count += bool(carry)

    def _clean(self, block: str) -> tuple[str, int]:
        block = block.replace("\r\n", "\n")
        lines = block.count("\n")
        self.count += lines
        return block, lines
