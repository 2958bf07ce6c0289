"""Changes to files: of bytes, of the elements of DICOM, of the lines of text headers, as a source of chance decides."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable

__all__ = ["mutate"]

Change = Callable[[bytes, random.Random], bytes]
"""Called with a file and a source of chance; returns another file."""

ODD_NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 64, 127, 128, 255, 256, 1024, 4095, 32767, 32768, 65535, 65536, 2**24,
               2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)  # fmt: skip
"""What counters, lengths and types often do not expect."""

ODD_WORDS = (b"0", b"-1", b"1e308", b"nan", b"inf", b"-0", b"65535", b"4294967296", b"9223372036854775808", b"1e-320",
             b"0.5", b"", b" ", b"none", b"1_0", b"1,5", b"%s", b"%d", b"../x", b"(", b")", b"(1,2)", b"\xff",
             b"\0")  # fmt: skip
"""The same as text."""

GROUPS = rb"[\x02\x06\x08\x0c\x10\x18\x20\x28\x54\x62\x88\xe0][\x00\x30\x7f]"
"""Groups of DICOM attributes that readers look at, and that of pixels."""

ELEMENT = re.compile(b"(?=" + GROUPS + rb".{2}[A-Z]{2})", re.DOTALL)
"""Where an element of explicit VR little endian may begin: its group, its number, and two letters."""

LONG_KINDS = frozenset({b"OB", b"OW", b"OD", b"OF", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
"""Value representations whose length has four bytes (DICOM PS3.5 7.1.2)."""

KINDS = (b"US", b"UL", b"SS", b"DS", b"IS", b"FD", b"FL", b"OB", b"OW", b"SQ", b"UN", b"UI", b"CS", b"LO", b"PN", b"AT")
"""Some of them, to take the place of others."""


def mutate(content: bytes, kind: str, chance: random.Random, others: list[bytes], longest: int) -> bytes:
    """Change a file in a few places.

    Args:
        content: The file.
        kind: What it is made of: ``"binary"``, ``"text"`` or ``"dicom"``.
        chance: Decides everything.
        others: Files whose pieces may take the place of its own.
        longest: Bytes that the result may have.
    """
    own = {"text": TEXT_CHANGES, "dicom": DICOM_CHANGES}.get(kind, BYTE_CHANGES)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        if others and chance.random() < 0.05:
            content = splice(content, chance.choice(others), chance)
        changes = own if chance.random() < 0.65 else BYTE_CHANGES
        content = chance.choice(changes)(content, chance)[:longest]
    return content


def find_place(content: bytes, chance: random.Random) -> int:
    """A byte, of which those at the beginning are likelier: there are the headers."""
    reach = len(content) if chance.random() < 0.5 else min(len(content), 600)
    return chance.randrange(reach) if reach else 0


def set_byte(content: bytes, chance: random.Random) -> bytes:
    """Change a byte."""
    place, byte = find_place(content, chance), chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return content[:place] + bytes([byte]) + content[place + 1 :]


def flip_bit(content: bytes, chance: random.Random) -> bytes:
    """Turn a bit over."""
    place = find_place(content, chance)
    byte = content[place] ^ (1 << chance.randrange(8)) if content else 0
    return content[:place] + bytes([byte]) + content[place + 1 :]


def set_number(content: bytes, chance: random.Random) -> bytes:
    """Write an odd number over two, four or eight bytes, in either order."""
    place, size = find_place(content, chance), chance.choice((2, 4, 8))
    number = chance.choice(ODD_NUMBERS) % (1 << (8 * size))
    return content[:place] + number.to_bytes(size, chance.choice(("little", "big"))) + content[place + size :]


def set_float(content: bytes, chance: random.Random) -> bytes:
    """Write an odd float."""
    place = find_place(content, chance)
    value = chance.choice((0.0, -1.0, float("nan"), float("inf"), 1e30, 1e-30, 0.5))
    packed = struct.pack(chance.choice(("<f", ">f", "<d", ">d")), value)
    return content[:place] + packed + content[place + len(packed) :]


def cut_off(content: bytes, chance: random.Random) -> bytes:
    """Drop the end."""
    return content[: find_place(content, chance)]


def drop(content: bytes, chance: random.Random) -> bytes:
    """Drop a stretch."""
    place = find_place(content, chance)
    return content[:place] + content[place + chance.choice((1, 2, 4, 16, 100, 1000)) :]


def repeat(content: bytes, chance: random.Random) -> bytes:
    """Repeat a stretch, once or often."""
    place, size = find_place(content, chance), chance.choice((1, 2, 8, 64, 500))
    return content[:place] + content[place : place + size] * chance.choice((2, 3, 20)) + content[place + size :]


def blank(content: bytes, chance: random.Random) -> bytes:
    """Overwrite a stretch with one byte."""
    place, size = find_place(content, chance), chance.choice((2, 8, 64, 500))
    return content[:place] + bytes([chance.choice((0, 0xFF, 0x20))]) * size + content[place + size :]


def splice(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Go on as another file does."""
    return content[: find_place(content, chance)] + other[find_place(other, chance) :]


BYTE_CHANGES: tuple[Change, ...] = (set_byte, flip_bit, set_number, set_float, cut_off, drop, repeat, blank)
"""For files of any kind."""


def change_line(content: bytes, chance: random.Random) -> bytes:
    """Drop, repeat or move a line of a text header, which ends at the first empty line at the latest."""
    lines = content.split(b"\n", 60)
    k, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(4)
    if way == 0:
        del lines[k]
    elif way == 1:
        lines.insert(other, lines[k])
    elif way == 2:
        lines[k], lines[other] = lines[other], lines[k]
    else:
        lines[k : k + 1] = [lines[k]] * chance.choice((2, 50, 400))
    return b"\n".join(lines)


WORD = re.compile(rb"[^\s:=(),]+")
"""A word of a text header."""


def change_word(content: bytes, chance: random.Random) -> bytes:
    """Put an odd word in the place of one in the header, or a word of the header itself."""
    words = list(WORD.finditer(content[:2000]))
    if not words:
        return content
    word, other = chance.choice(words), chance.choice(words)
    new = chance.choice(ODD_WORDS) if chance.random() < 0.7 else other.group()
    return content[: word.start()] + new + content[word.end() :]


def lengthen_word(content: bytes, chance: random.Random) -> bytes:
    """Repeat a word of the header often."""
    words = list(WORD.finditer(content[:2000]))
    if not words:
        return content
    word, gap = chance.choice(words), chance.choice((b"", b" ", b",", b"\t"))
    return content[: word.end()] + (gap + word.group()) * chance.choice((1, 3, 100, 2000)) + content[word.end() :]


TEXT_CHANGES: tuple[Change, ...] = (change_line, change_word, change_word, lengthen_word)
"""For headers of text."""


def list_elements(content: bytes) -> list[tuple[int, int, int]]:
    """Where elements may lie: of each its beginning, that of its value, and its end."""
    found = []
    for mark in ELEMENT.finditer(content):
        start = mark.start()
        is_long = content[start + 4 : start + 6] in LONG_KINDS
        head, size = (12, 4) if is_long else (8, 2)
        length = int.from_bytes(content[start + head - size : start + head], "little")
        if start + head + length <= len(content):
            found.append((start, start + head, start + head + length))
    return found


def change_value(content: bytes, chance: random.Random) -> bytes:
    """Change the value of an element, whose length follows."""
    elements = list_elements(content)
    if not elements:
        return content
    start, value, end = chance.choice(elements)
    old = content[value:end]
    numbers = chance.choice(ODD_NUMBERS)
    new = chance.choice(
        (
            chance.choice(ODD_WORDS),
            b"\\".join([chance.choice(ODD_WORDS)] * chance.choice((1, 2, 3, 6, 1000))),
            old + b"\\" + old,
            old[: len(old) // 2],
            (numbers % (1 << 16)).to_bytes(2, "little"),
            (numbers % (1 << 32)).to_bytes(4, "little"),
            str(numbers).encode(),
            b"",
            *(content[begin:finish] for _, begin, finish in chance.sample(elements, 1)),
        )
    )
    new += b" " * (len(new) % 2)
    size = 4 if value - start == 12 else 2
    length = (len(new) % (1 << (8 * size))).to_bytes(size, "little")
    return content[: value - size] + length + new + content[end:]


def change_length(content: bytes, chance: random.Random) -> bytes:
    """Lie about the length of an element."""
    elements = list_elements(content)
    if not elements:
        return content
    start, value, _ = chance.choice(elements)
    size = 4 if value - start == 12 else 2
    length = chance.choice(ODD_NUMBERS) % (1 << (8 * size))
    return content[: value - size] + length.to_bytes(size, "little") + content[value:]


def change_kind(content: bytes, chance: random.Random) -> bytes:
    """Give an element another value representation."""
    elements = list_elements(content)
    if not elements:
        return content
    start = chance.choice(elements)[0]
    return content[: start + 4] + chance.choice(KINDS) + content[start + 6 :]


def move_element(content: bytes, chance: random.Random) -> bytes:
    """Drop an element, or put it in the place of another, or before it."""
    elements = list_elements(content)
    if not elements:
        return content
    (start, _, end), (other, _, other_end) = chance.choice(elements), chance.choice(elements)
    way = chance.randrange(3)
    if way == 0:
        return content[:start] + content[end:]
    return content[:other] + content[start:end] + content[other if way == 1 else other_end :]


DICOM_CHANGES: tuple[Change, ...] = (change_value, change_value, change_value, change_length, change_kind, move_element)
"""For DICOM files of explicit VR little endian; in others no element is found."""
