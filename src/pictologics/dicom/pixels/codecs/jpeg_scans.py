"""The scans of a JPEG stream: which components each has, and where its entropy-coded segments end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .codestreams import RESTART_INTERVAL, START_OF_SCAN, Codestream, CodestreamError

__all__ = ["LOSSLESS_PROCESS", "SEQUENTIAL_PROCESSES", "JpegFrame", "read_jpeg_frame", "split_scans"]

SEQUENTIAL_PROCESSES = frozenset({0xC0, 0xC1})
"""SOF0 and SOF1: blocks of 8x8 pixels, whole in one scan, with Huffman codes."""

PROGRESSIVE_PROCESS = 0xC2
"""SOF2: blocks of 8x8 pixels, refined from scan to scan, with Huffman codes."""

LOSSLESS_PROCESS = 0xC3
"""SOF3: pixel by pixel, with Huffman codes."""

JPEG_BLOCK_SIDE = 8
"""Pixels along the side of a block (ISO/IEC 10918-1 A.1.3)."""

END_OF_IMAGE = 0xD9
"""EOI."""

FIRST_RESTART = 0xD0
"""RST0, the first of the eight restart markers, which take turns."""

MARKER = re.compile(rb"\xff+(?:[\x01-\xfe]|\Z)")
"""The next marker, or one that is cut off; a zero follows each 0xFF among coded samples (ISO/IEC 10918-1 F.1.2.3)."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """The frame header of a JPEG stream (ISO/IEC 10918-1 B.2.2), and the head of its first scan.

    Attributes:
        process: The marker that begins it: SOF0 to SOF3.
        factors: Of each component, how finely it is sampled along a row and along a column.
        first_scan: Identifiers of the components of the first scan.
    """

    process: int
    factors: dict[int, tuple[int, int]]
    first_scan: bytes

    @property
    def widest(self) -> tuple[int, int]:
        """The largest factors along a row and along a column."""
        return max(across for across, _ in self.factors.values()), max(down for _, down in self.factors.values())

    @property
    def coded_together(self) -> int:
        """How many blocks or samples are coded together, if all components are in the first scan; else one."""
        is_interleaved = len(self.first_scan) == len(self.factors)
        return sum(across * down for across, down in self.factors.values()) if is_interleaved else 1

    @property
    def unit(self) -> int:
        """Pixels along the side of what is coded as one: a block, or a pixel."""
        return 1 if self.process == LOSSLESS_PROCESS else JPEG_BLOCK_SIDE


@dataclass(frozen=True, slots=True)
class JpegScan:
    """One scan: its components, and what ends each of its entropy-coded segments.

    Attributes:
        components: Their identifiers.
        start: Where its first segment begins.
        begins: Whether nothing of its components was coded before: of a progressive frame, the means of blocks.
        restart_interval: Blocks between two restart markers; zero without them.
        ends: Where each segment ends.
        restarts: The numbers of the restart markers between them.
    """

    components: bytes
    start: int
    begins: bool
    restart_interval: int
    ends: list[int]
    restarts: list[int]


def read_jpeg_frame(encoded: bytes, stream: Codestream) -> JpegFrame:
    """Read the frame header and the head of the first scan.

    Raises:
        CodestreamError: If it is not coded as DICOM's transfer syntaxes are, or contradicts itself.
    """
    process = encoded[stream.frame_header + 1]
    if process not in SEQUENTIAL_PROCESSES | {PROGRESSIVE_PROCESS, LOSSLESS_PROCESS}:
        # Hierarchical frames and arithmetic codes are retired, and nobody can say of the latter where they end.
        raise CodestreamError(f"is coded by process {process - 0xC0} of JPEG, and only 0 to 3 are supported")
    # Behind marker, length, precision, rows, columns and number: identifier, both factors in a byte, and a table.
    start = stream.frame_header + 10
    factors = {encoded[place]: divmod(encoded[place + 1], 16) for place in range(start, start + 3 * stream.samples, 3)}
    if len(factors) < stream.samples or not all(1 <= factor <= 4 for pair in factors.values() for factor in pair):
        raise CodestreamError("has components that contradict each other")
    if len(factors) == 1:
        # One component alone is coded block by block, whatever its factors are (A.2.2).
        factors = dict.fromkeys(factors, (1, 1))
    return JpegFrame(process, factors, read_scan_components(encoded, stream.body))


def read_scan_components(encoded: bytes, position: int) -> bytes:
    """Read the identifiers of a scan's components from its header."""
    count = encoded[position + 4]
    return encoded[position + 5 : position + 5 + 2 * count : 2]


def split_scans(encoded: bytes, stream: Codestream, is_progressive: bool) -> list[JpegScan]:
    """Split all scans of a stream into their entropy-coded segments.

    Raises:
        CodestreamError: If the segments cannot be followed.
    """
    scans: list[JpegScan] = []
    position, interval = stream.body, stream.restart_interval
    while position + 4 <= len(encoded):
        marker = encoded[position + 1]
        if encoded[position] != 0xFF or marker == END_OF_IMAGE:
            break
        if marker == 0xFF:
            position += 1
            continue
        end = position + 2 + int.from_bytes(encoded[position + 2 : position + 4], "big")
        if marker == RESTART_INTERVAL:
            interval = int.from_bytes(encoded[position + 4 : position + 6], "big")
        elif marker == START_OF_SCAN:
            components = read_scan_components(encoded, position)
            # Behind the components: the first and last frequency, and how many bits were sent before and will be later.
            rest = position + 5 + 2 * len(components)
            begins = encoded[rest : rest + 1] == b"\0" and encoded[rest + 2 : rest + 3] < b"\x10"
            ends, restarts = find_segment_ends(encoded, end)
            scans.append(JpegScan(components, end, not is_progressive or begins, interval, ends, restarts))
            end = ends[-1]
        if end <= position:
            raise CodestreamError("has a damaged head")
        position = end
    return scans


def find_segment_ends(encoded: bytes, start: int) -> tuple[list[int], list[int]]:
    """Find where the entropy-coded segments of a scan end, and the numbers of the restart markers between them."""
    ends: list[int] = []
    restarts: list[int] = []
    for found in MARKER.finditer(encoded, start):
        ends.append(found.start())
        number = found.group()[-1] - FIRST_RESTART
        if not 0 <= number < 8:
            return ends, restarts
        restarts.append(number)
    ends.append(len(encoded))
    return ends, restarts
