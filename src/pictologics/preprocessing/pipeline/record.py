"""What a pipeline did to an image: enough to do it again, and to see that it is the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from ..._version import __version__
from ...image import Image
from ...storage.file_writing import replace_file
from .files import format_json

__all__ = ["PipelineRecord", "StepRecord", "describe_image"]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What one step did.

    Attributes:
        name: Name of the step.
        parameters: All its parameters, defaults included.
        masks: The masks that it worked on or with.
        decisions: What it decided, in words: of the image, and of each mask by its name.
    """

    name: str
    parameters: Mapping[str, Any]
    masks: tuple[str, ...]
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PipelineRecord:
    """What a pipeline was given, what it did, and what came out.

    Attributes:
        pipeline: The pipeline, as a file has it.
        image: The image that was given: file, geometry, type, and a checksum of its voxels.
        masks: The same of each mask.
        steps: What each step did.
        result: The resulting image.
        result_masks: The resulting masks.
        version: Version of pictologics.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, Pipeline
        >>> scan = Image(np.arange(8.0).reshape(2, 2, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> record = Pipeline([{"clip_intensities": {"value_range": [2, 5]}}]).run(scan).provenance
        >>> record.image["shape"], len(record.steps)
        ([2, 2, 2], 1)
    """

    pipeline: Mapping[str, Any]
    image: Mapping[str, Any]
    masks: Mapping[str, Mapping[str, Any]]
    steps: tuple[StepRecord, ...]
    result: Mapping[str, Any]
    result_masks: Mapping[str, Mapping[str, Any]]
    version: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """The record as plain lists, dicts, text and numbers."""
        return {
            "version": self.version,
            "pipeline": dict(self.pipeline),
            "image": dict(self.image),
            "masks": {name: dict(mask) for name, mask in self.masks.items()},
            "steps": [
                {
                    "name": step.name,
                    "parameters": dict(step.parameters),
                    "masks": list(step.masks),
                    "decisions": list(step.decisions),
                }
                for step in self.steps
            ],
            "result": dict(self.result),
            "result_masks": {name: dict(mask) for name, mask in self.result_masks.items()},
        }

    def to_json(self) -> str:
        """The record as JSON text, from which ``Pipeline.from_json`` makes the pipeline again."""
        return format_json(self.to_dict())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the record as a JSON file, whole or not at all.

        Raises:
            OptionError: If the folder is missing.
            FileAccessError: If the system refuses.
        """
        with replace_file(Path(path)) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")


def describe_image(image: Image) -> dict[str, Any]:
    """An image in a few facts: where it is from, where it lies, and a checksum of what it holds."""
    grid = image.grid
    facts = {
        "source": image.provenance.source,
        "reader": image.provenance.reader,
        "modality": image.modality,
        "shape": list(grid.shape),
        "spacing": list(grid.spacing),
        "origin": list(grid.origin),
        "direction": grid.direction.tolist(),
        "dtype": str(image.array.dtype),
        "crc32": checksum(image.array),
    }
    if image.source_mask is not None:
        facts["valid_voxels"] = int(np.count_nonzero(image.source_mask))
        facts["source_mask_crc32"] = checksum(image.source_mask)
    return facts


def checksum(array: npt.NDArray[Any]) -> str:
    """CRC-32 of the voxels, little endian and x fastest, as a file would have them."""
    value = 0
    for plane in range(array.shape[2]):
        little = array[:, :, plane].astype(array.dtype.newbyteorder("<"), copy=False)
        value = isal_zlib.crc32(little.tobytes(order="F"), value)
    return f"{value:08x}"
