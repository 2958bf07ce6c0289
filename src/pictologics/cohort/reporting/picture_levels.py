"""How large and how many the pictures of a case may be, so that the page of all cases stays small enough to open."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NO_PICTURES", "PAGE_BYTES", "PictureLevel", "choose_picture_level"]

PAGE_BYTES = 40_000_000
"""A page of more takes seconds to open, and does not fit into a mail."""

BASE64_GROWTH = 4 / 3
"""Letters for each byte of a picture."""

CASE_LETTERS = 220
"""What stands around the pictures of a case, letters."""


@dataclass(frozen=True)
class PictureLevel:
    """What is drawn of each case.

    Attributes:
        plane_side: Width and height of each of the three planes in the table, pixels; 0 for none.
        slice_side: The longer side of each slice that the slider shows, pixels.
        slices: How many slices the slider shows; of fewer, it shows all.
        bytes: What all pictures of a case take at most.
    """

    plane_side: int
    slice_side: int
    slices: int
    bytes: int

    @property
    def letters(self) -> int:
        """What the pictures of a case take of the page at most."""
        return round(self.bytes * BASE64_GROWTH) + CASE_LETTERS


NO_PICTURES = PictureLevel(0, 0, 0, 0)

LEVELS = (
    PictureLevel(plane_side=128, slice_side=448, slices=64, bytes=900_000),
    PictureLevel(plane_side=128, slice_side=384, slices=40, bytes=400_000),
    PictureLevel(plane_side=112, slice_side=256, slices=28, bytes=120_000),
    PictureLevel(plane_side=112, slice_side=192, slices=18, bytes=40_000),
    PictureLevel(plane_side=96, slice_side=144, slices=12, bytes=15_000),
    PictureLevel(plane_side=80, slice_side=96, slices=6, bytes=4_900),
    PictureLevel(plane_side=64, slice_side=0, slices=0, bytes=1_500),
    NO_PICTURES,
)
"""Few levels, so that a run that grows seldom has all of its pictures drawn again."""


def choose_picture_level(cases: int, letters_taken: int) -> PictureLevel:
    """Choose the largest pictures with which the page is not too large.

    Args:
        cases: How many cases have pictures.
        letters_taken: Bytes of the page without pictures.
    """
    room = PAGE_BYTES - letters_taken
    return next((level for level in LEVELS if cases * level.letters <= room), NO_PICTURES)
