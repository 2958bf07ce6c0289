"""NiftiHeader -> what is known of the image besides its voxels; and the comment that files written here carry.

The JSON comment is a header extension of ecode 6, plain text, which other software passes over.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from ...geometry import Grid
from ...image import Image
from ..json_comment import ImageFacts, VoxelNote, make_json_comment, read_json_comment
from ..packed_masks import PACKED_MASK_KEY
from .header import NiftiHeader, cifti_error
from .vocabulary import CIFTI_CODE, COMMENT_CODE

__all__ = ["list_comments", "make_comment_extension", "read_nifti_facts", "wrap_comment"]

MASK_COMMENT = f'{{"{PACKED_MASK_KEY}"'.encode()
"""How the comment begins that holds a source mask: nibabel writes it for an image of ours."""


def make_comment_extension(image: Image, voxels: VoxelNote) -> bytes:
    """The extension that carries an image's comment: size, code and text, padded to a multiple of 16 bytes."""
    return wrap_comment(make_json_comment(image, voxels))


def wrap_comment(comment: str) -> bytes:
    """A comment as an extension."""
    text = comment.encode()
    # nifti1.h, "extended header": esize counts its own eight bytes and must be a multiple of 16.
    size = -(-(8 + len(text)) // 16) * 16
    code = np.array([size, COMMENT_CODE], "<i4").tobytes()
    return code + text.ljust(size - 8, b"\0")


def read_nifti_facts(header: NiftiHeader, grid: Grid) -> ImageFacts:
    """What the header's comment says, if it has one that still holds.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    comments = [content.rstrip(b"\0") for content in list_comments(header)]
    found = (read_json_comment(content, grid) for content in comments)
    facts = next((facts for facts in found if facts is not None), ImageFacts(grid))
    masks = (content for content in comments if content.startswith(MASK_COMMENT))
    return replace(facts, packed_mask=next(map(read_mask_comment, masks), ""))


def read_mask_comment(content: bytes) -> str:
    """The text of a source mask out of a comment of its own; one that is no mask's if the comment is cut off."""
    try:
        return str(json.loads(content)[PACKED_MASK_KEY])
    except (ValueError, RecursionError):
        return PACKED_MASK_KEY


def list_comments(header: NiftiHeader) -> list[bytes]:
    """The contents of the header's comment extensions (nifti1.h, "extended header")."""
    head = header.head
    start = header.header_size
    # The first of the four bytes behind the header says whether extensions follow.
    if head[start : start + 1] in (b"", b"\0"):
        return []
    comments, position = [], start + 4
    end = len(head) if header.is_pair else min(header.data_offset, len(head))
    while position + 8 <= end:
        size, code = (int(number) for number in np.frombuffer(head, header.byte_order + "i4", 2, position))
        if size < 16:
            break
        if code == CIFTI_CODE and position + size <= end:
            raise cifti_error(header.file.name, header.intent)
        if code == COMMENT_CODE:
            # One that is cut off, as it is longer than the head, is no JSON; but it shows that something is there.
            comments.append(head[position + 8 : min(position + size, end)])
        position += size
    return comments
