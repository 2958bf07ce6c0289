"""The outputs of a case loaded and drawn in a process of its own, and what was drawn kept beside the manifest."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from ...errors import FileAccessError, PictologicsError
from ...image import Image
from ...merger import Merger
from ...threads import set_num_threads
from ..running.run_folder import RunFolder
from ..worker_pool import follow_parent
from .case_pictures import CasePictures, draw_case
from .picture_levels import PictureLevel
from .report_rows import ReportOutput, ReportRow

__all__ = ["PictureJob", "draw_job", "make_picture_job", "prepare_process", "read_kept_pictures"]

PICTURES_FOLDER: Final = "report-pictures"
"""Where drawn pictures are kept, in the output folder beside the manifest."""

DRAWING_VERSION: Final = 1
"""Goes up when pictures are drawn in another way; those of another version are drawn again."""

ENDED_ITS_PROCESS: Final = "its pictures could not be drawn: the process that drew them was ended by the system"
"""Kept before a case is drawn, and replaced afterwards: so it is known which one ended a process."""

BYTES_PER_VOXEL: Final = 14
"""Memory to draw a case: the image as float32 or float64, its mask, and what reading and merging need, bytes."""


@dataclass(frozen=True)
class PictureJob:
    """What a process needs to draw a case; small, so that it travels.

    Attributes:
        folder: The output folder.
        kept_in: The folder in which pictures are kept: the same, unless nothing can be written there.
        images: The images.
        masks: The masks.
        gone: Names of files that are not there any more.
        level: How large the pictures are.
        voxels: How many voxels the image has; 0 if unknown.
        path: Where the pictures are kept, below that folder.
        key: Tells whether pictures that are kept are these.
    """

    folder: RunFolder
    kept_in: RunFolder
    images: tuple[ReportOutput, ...]
    masks: tuple[ReportOutput, ...]
    gone: tuple[str, ...]
    level: PictureLevel
    voxels: int
    path: str
    key: str

    @property
    def memory(self) -> int:
        """Bytes that drawing takes, by and large."""
        return self.voxels * BYTES_PER_VOXEL


def make_picture_job(row: ReportRow, folder: RunFolder, kept_in: RunFolder, level: PictureLevel) -> PictureJob | None:
    """Make the job to draw a case; None if it has no picture."""
    images = tuple(output for output in row.outputs if output.role == "image")
    masks = tuple(output for output in row.outputs if output.role == "mask")
    if not images or level.plane_side == 0:
        return None
    content = json.dumps([DRAWING_VERSION, asdict(level), *(asdict(output) for output in (*images, *masks))])
    # By a hash, since a damaged row may call its case anything.
    name = hash_text(row.case_id)
    return PictureJob(
        folder,
        kept_in,
        tuple(output for output in images if output.state != "gone"),
        tuple(output for output in masks if output.state != "gone"),
        tuple(output.path for output in (*images, *masks) if output.state == "gone"),
        level,
        int(np.prod(row.shape)) if row.shape else 0,
        f"{PICTURES_FOLDER}/{name}.json",
        hash_text(content),
    )


def hash_text(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_kept_pictures(job: PictureJob) -> dict[str, Any] | None:
    """Read the pictures of a case that were drawn before, as JSON; None if there are none."""
    try:
        kept = json.loads(job.kept_in.read_text(job.path) or "null")
    except (OSError, ValueError, RecursionError):
        # A damaged file is drawn again.
        return None
    is_fresh = isinstance(kept, dict) and kept.get("key") == job.key and isinstance(kept.get("pictures"), dict)
    return kept["pictures"] if is_fresh else None


def keep_pictures(job: PictureJob, key: str, pictures: CasePictures) -> None:
    """Keep pictures for the page, and for the next one."""
    job.kept_in.write_text(job.path, json.dumps({"key": key, "pictures": pictures.as_json()}))


def prepare_process() -> None:
    """Prepare a process that draws: one thread, and nothing said on the terminal; what was found is noted instead."""
    follow_parent()
    set_num_threads(1)
    warnings.showwarning = pass_over_warning  # type: ignore[assignment]


def pass_over_warning(*_: object) -> None:
    """Say nothing: the run has recorded what there is to say of these files."""


def draw_job(job: PictureJob) -> None:
    """Draw a case, and keep its pictures; what cannot be drawn is noted in them."""
    keep_pictures(job, f"{job.key} begun", CasePictures("", [], "", {}, [ENDED_ITS_PROCESS]))
    notes = [f"{path} is gone" for path in job.gone]
    images: dict[str, Image] = {}
    for output in job.images:
        image = load_output(job.folder, output, notes)
        if image is not None:
            images[output.name or output.path] = image
    if not images:
        pictures = CasePictures("", [], "", {}, notes or ["there is no image to draw"])
    else:
        pictures = draw_within_errors(images, load_masks(job, next(iter(images.values())), notes), job.level, notes)
    keep_pictures(job, job.key, pictures)


def load_output(folder: RunFolder, output: ReportOutput, notes: list[str]) -> Image | None:
    """Load an output; if it does not load, why is added to the notes."""
    try:
        return folder.load(output.path)
    except FileAccessError:
        notes.append(f"{output.path} cannot be opened")
    except (PictologicsError, OSError, MemoryError) as error:
        notes.append(f"{output.path} cannot be read ({type(error).__name__})")
    return None


def load_masks(job: PictureJob, image: Image, notes: list[str]) -> Image | None:
    """Load the masks of a case as one label map: a single one as it is, of several each with a label of its own."""
    if len(job.masks) == 1:
        mask = load_output(job.folder, job.masks[0], notes)
        return None if mask is None else name_labels(mask, job.masks[0].labels)
    merger, names = Merger(image.grid, "last"), {}
    for value, output in enumerate(job.masks, 1):
        mask = load_output(job.folder, output, notes)
        if mask is None:
            continue
        try:
            merger.add(mask, value, np.dtype(np.uint16))
        except PictologicsError as error:
            notes.append(f"{output.path} does not lie on the image ({type(error).__name__})")
        else:
            names[value] = output.name or f"mask {value}"
    return Image.from_grid(merger.finish(), image.grid, modality="SEG", labels=names) if names else None


def name_labels(mask: Image, names: Mapping[int, str]) -> Image:
    """A mask with the names of its labels, if the file does not have them itself."""
    return Image.from_grid(mask.array, mask.grid, modality="SEG", labels={**names, **mask.labels})


def draw_within_errors(
    images: Mapping[str, Image], mask: Image | None, level: PictureLevel, notes: list[str]
) -> CasePictures:
    """Draw a case; without its mask, if that cannot be drawn."""
    try:
        return draw_case(images, mask, level, notes)
    except (PictologicsError, MemoryError) as error:
        if mask is not None:
            note = f"the mask cannot be drawn ({type(error).__name__})"
            return draw_within_errors(images, None, level, [*notes, note])
        return CasePictures("", [], "", {}, [*notes, f"the image cannot be drawn ({type(error).__name__})"])
