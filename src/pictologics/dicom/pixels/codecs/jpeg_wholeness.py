"""Whether a JPEG stream holds all of its samples: libjpeg fills up with gray what is missing, and says nothing.

What it does where a segment ends too early is exact and can be seen: it reads the rest of that block, or row of a
lossless frame, as zeros, and leaves all later ones gray. So one more row of blocks than there is is asked for. In a
whole stream the first block of it is what the bits that fill up the last byte, and zeros, happen to say; where the
stream ended before, it is gray. Where that tells nothing, the stream is decoded twice, with other bytes behind it
each time: samples that are all there do not change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....array_types import AnyArray
from .codestreams import Codestream, CodestreamError
from .jpeg_scans import (
    LOSSLESS_PROCESS,
    SEQUENTIAL_PROCESSES,
    JpegFrame,
    JpegScan,
    read_jpeg_frame,
    split_scans,
)

__all__ = ["decode_whole_jpeg"]

TAILS = (b"\0" * 64, b"\xaa" * 64)
"""What is put behind each segment: the first bits differ, so that even one that is missing shows."""

UNITS_OF_A_BYTE = 16
"""Blocks, or pixels of a lossless frame, that a surplus byte may pass for, which some writers add for an even length.

With the bits before it that fill up another, there are 15 bits, and every code has one at least.
"""

MOST_ROWS = 65535
"""As many as a frame header can say."""


def decode_whole_jpeg(encoded: bytes, stream: Codestream, decode: Callable[[bytes], AnyArray]) -> AnyArray:
    """Decode a stream whose samples are all there.

    A missing end marker is no fault here: what it would say is known without it.

    Args:
        encoded: The stream.
        stream: Its head.
        decode: The decoder, which fills up what is missing.

    Raises:
        CodestreamError: If samples are missing, or there are more than its head says.
    """
    frame = read_jpeg_frame(encoded, stream)
    # Before memory is taken for samples.
    check_coded_bits(len(encoded) - stream.body, stream, frame)
    more_rows = count_rows_to_ask(stream, frame)
    if more_rows:
        decoded = decode(set_rows(encoded, stream, more_rows))
        if is_complete(decoded, stream, frame):
            return decoded[: stream.rows]
    return decode_with_other_ends(encoded, stream, frame, decode)


def check_coded_bits(coded: int, stream: Codestream, frame: JpegFrame) -> None:
    """Raise if so many bytes of coded samples are too few for any frame of that size."""
    # A code has one bit at least; a block has one for its mean, and unless it is refined later one for its end.
    units = count_units_across(stream, frame) * -(-stream.rows // (frame.unit * frame.widest[1])) * frame.coded_together
    bits = units * (2 if frame.process in SEQUENTIAL_PROCESSES else 1)
    if 8 * coded < bits:
        raise CodestreamError(
            f"has {coded} bytes of coded samples, and its {stream.columns}x{stream.rows} pixels take at least "
            f"{-(-bits // 8)}"
        )


def count_rows_to_ask(stream: Codestream, frame: JpegFrame) -> int:
    """How many rows to ask for so that the last ones tell whether the stream is whole; zero if they cannot.

    They tell if all is in one segment, and samples are not interpolated between rows, as the row behind the last would
    change it.
    """
    if len(frame.first_scan) < stream.samples or stream.restart_interval:
        return 0
    is_sequential = frame.process in SEQUENTIAL_PROCESSES and all(down == 1 for _, down in frame.factors.values())
    if not is_sequential and frame.process != LOSSLESS_PROCESS:
        return 0
    # The first of them tells what is missing, and one after those of a byte what is too much. Of lossless frames rows
    # are decoded as a whole.
    across = count_units_across(stream, frame)
    more = 1 + (-(-UNITS_OF_A_BYTE // across) if frame.process == LOSSLESS_PROCESS else UNITS_OF_A_BYTE // across)
    rows = (-(-stream.rows // frame.unit) + more) * frame.unit
    return rows if rows <= MOST_ROWS else 0


def count_units_across(stream: Codestream, frame: JpegFrame) -> int:
    """Count what is coded together, a block or a pixel of each component, along a row."""
    return -(-stream.columns // (frame.unit * frame.widest[0]))


def set_rows(encoded: bytes, stream: Codestream, rows: int) -> bytes:
    """Change how many rows the frame header says."""
    place = stream.frame_header + 5
    return b"".join((encoded[:place], rows.to_bytes(2, "big"), encoded[place + 2 :]))


def is_complete(decoded: AnyArray, stream: Codestream, frame: JpegFrame) -> bool:
    """Whether the rows that were asked for in addition show that the stream is whole.

    Raises:
        CodestreamError: If they show that it holds more than the frame.
    """
    # Of colors the first component is enough: all of them are coded together.
    pixels = decoded if decoded.ndim == 2 else decoded[..., 0]
    gray, height, width = 1 << (stream.precision - 1), frame.unit, frame.unit * frame.widest[0]
    more = pixels[-(-stream.rows // height) * height :]
    if frame.process == LOSSLESS_PROCESS:
        first, later = more[0], more[-1]
    else:
        row, column = divmod(UNITS_OF_A_BYTE, count_units_across(stream, frame))
        first, later = more[:height, :width], more[row * height :, column * width :][:height, :width]
    if (later != gray).any():
        raise CodestreamError("holds more coded samples than it has pixels, as one does that has lost a part")
    return bool((first != gray).any())


def decode_with_other_ends(
    encoded: bytes, stream: Codestream, frame: JpegFrame, decode: Callable[[bytes], AnyArray]
) -> AnyArray:
    """Decode a stream twice, with other bytes behind each of its segments, and compare.

    Raises:
        CodestreamError: If the samples depend on them, or whole segments are missing.
    """
    scans = split_scans(encoded, stream, frame.process not in SEQUENTIAL_PROCESSES | {LOSSLESS_PROCESS})
    # The standard wants no more of a progressive frame than the means of all blocks (ISO/IEC 10918-1 G.1.1.1.1).
    coded = {component for scan in scans if scan.begins for component in scan.components}
    if coded != set(frame.factors):
        raise CodestreamError("ends before its last pixel")
    for scan in scans:
        check_restarts(scan, stream, frame)
    # Where the tables have but one code, nothing else tells.
    check_coded_bits(sum(scan.ends[-1] - scan.start for scan in scans), stream, frame)
    first, second = (decode(put_behind_segments(encoded, scans, tail)) for tail in TAILS)
    if not np.array_equal(first, second):
        raise CodestreamError("ends before its last pixel, or lacks a part")
    return first


def check_restarts(scan: JpegScan, stream: Codestream, frame: JpegFrame) -> None:
    """Raise if restart markers are missing: the decoder leaves gray what should be between them."""
    if not scan.restart_interval:
        if scan.restarts:
            raise CodestreamError("has restart markers that its head does not announce")
        return
    across, down = frame.widest
    if len(scan.components) == 1:
        # One component alone is coded block by block, as many as it has pixels for (ISO/IEC 10918-1 A.2.2).
        own_across, own_down = frame.factors.get(scan.components[0], (across, down))
        columns, rows = -(-stream.columns * own_across // across), -(-stream.rows * own_down // down)
        units = -(-columns // frame.unit) * -(-rows // frame.unit)
    else:
        units = count_units_across(stream, frame) * -(-stream.rows // (frame.unit * down))
    required = -(-units // scan.restart_interval) - 1
    # Some writers put one behind the last block as well.
    if len(scan.restarts) not in (required, required + 1):
        raise CodestreamError(f"has {len(scan.restarts)} restart markers in a scan that needs {required}")
    if any(number != k % 8 for k, number in enumerate(scan.restarts)):
        raise CodestreamError("has restart markers that do not follow one another")


def put_behind_segments(encoded: bytes, scans: list[JpegScan], tail: bytes) -> bytes:
    """Put bytes behind every entropy-coded segment; a decoder passes over those that no sample needs."""
    pieces, start = [], 0
    for scan in scans:
        for end in scan.ends:
            pieces += [encoded[start:end], tail]
            start = end
    return b"".join([*pieces, encoded[start:]])
