"""The pipeline: steps in order, from Python, YAML or JSON, checked before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...array_types import AnyArray
from ...errors import OptionError
from ...image import Image, copy_image
from ...image_checks import derive_image, find_valid_voxels
from ...storage.file_writing import replace_file
from .files import (
    PARSERS,
    format_json,
    format_yaml,
    parse_file,
    parse_text,
)
from .record import PipelineRecord, describe_image
from .running import Workpiece, check_start, run_step
from .steps import Step, StepLike, make_step

__all__ = ["Pipeline", "PipelineResult"]

KEYS = ("description", "steps")

GivenMasks = Image | Sequence[Image] | Mapping[str, Image] | None


@dataclass(frozen=True)
class PipelineResult:
    """The result of a pipeline.

    Attributes:
        image: The image.
        masks: The masks, as they were given: one, a list, a mapping, or None.
        provenance: What was done, to be saved beside them.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, Pipeline
        >>> scan = Image(np.arange(8.0).reshape(2, 2, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> result = Pipeline([{"clip_intensities": {"value_range": [2, 5]}}]).run(scan)
        >>> float(result.image.array.min()), float(result.image.array.max())
        (2.0, 5.0)
    """

    image: Image
    masks: Any
    provenance: PipelineRecord


@dataclass(frozen=True, init=False)
class Pipeline:
    """Named steps with parameters, applied one after the other to an image and its masks.

    Everything is checked when the pipeline is made: an unknown step or parameter, a missing one and a wrong type are
    errors that name the step's number and what is known. What the steps are and what their parameters mean, the page
    *Preprocessing* of the documentation lists.

    Attributes:
        steps: The steps, in order.
        description: What it is for, in words; may be empty.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image, create_full_mask
        >>> from pictologics.preprocessing import Pipeline
        >>> scan = Image(np.array([[[-1000.0, 40.0, 90.0]]]), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> steps = [("resegment_mask", {"value_range": (-500, 400)}), ("discretize_image", {"bin_number": 2})]
        >>> pipeline = Pipeline(steps)
        >>> result = pipeline.run(scan, create_full_mask(scan))
        >>> result.image.array.tolist(), result.masks.array.tolist()
        ([[[0, 1, 2]]], [[[0, 1, 1]]])
        >>> Pipeline.from_yaml(pipeline.to_yaml()) == pipeline
        True
    """

    steps: tuple[Step, ...]
    description: str = ""

    def __init__(self, steps: Iterable[StepLike], description: str = "", *, path: str | None = None) -> None:
        """Make a pipeline.

        Args:
            steps: Each is a name, a name and its parameters, a mapping of the name to the parameters, or a ``Step``.
                Besides its own parameters, a step that works on masks, or by one, takes ``masks``: the names of those
                that it is meant for.
            description: What the pipeline is for.
            path: The file it was read from, for messages.

        Raises:
            OptionError: If a step or a parameter is unknown, missing, or of the wrong type.
        """
        if isinstance(steps, (str, Mapping)) or not isinstance(steps, Iterable):
            raise OptionError(f"the steps are {steps!r} and must be a list of steps", path=path)
        if not isinstance(description, str):
            raise OptionError(f"the description is {description!r} and must be text", path=path)
        checked = tuple(make_step(step, number, path) for number, step in enumerate(steps, 1))
        if not checked:
            raise OptionError("the pipeline has no step", path=path, advice="list its steps under 'steps'")
        object.__setattr__(self, "steps", checked)
        object.__setattr__(self, "description", description)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Pipeline:
        """Read a pipeline from a ``.yaml``, ``.yml`` or ``.json`` file, or from the record of an earlier run.

        Args:
            path: The file: ``steps``, a list, and optionally ``description``.

        Raises:
            MissingPathError: If there is no such file.
            CorruptFileError: If it is not valid YAML or JSON.
            OptionError: If it does not hold a pipeline, or one with an unknown step or parameter, or a wrong type.
        """
        return cls.from_dict(parse_file(path), path=os.fspath(path))

    @classmethod
    def from_yaml(cls, text: str) -> Pipeline:
        """Make a pipeline of YAML text; errors as ``from_file``."""
        return cls.from_dict(parse_text(text, ".yaml"))

    @classmethod
    def from_json(cls, text: str) -> Pipeline:
        """Make a pipeline of JSON text; errors as ``from_file``."""
        return cls.from_dict(parse_text(text, ".json"))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], *, path: str | None = None) -> Pipeline:
        """Make a pipeline of a mapping as files have it.

        Args:
            content: ``steps`` and optionally ``description``; or a record, whose ``pipeline`` it is.
            path: Where it comes from, for messages.

        Raises:
            OptionError: If it is not a pipeline.
        """
        if isinstance(content, Mapping) and isinstance(content.get("pipeline"), Mapping):
            content = content["pipeline"]
        if not isinstance(content, Mapping) or "steps" not in content:
            found = "nothing was" if content is None else f"{type(content).__name__} was"
            if isinstance(content, Mapping):
                names, many = ", ".join(map(repr, content)), len(content) > 1
                found = f"the key{'s' * many} {names} {'were' if many else 'was'}" if content else "no key was"
            raise OptionError(
                f"a pipeline is a mapping with the key 'steps', and {found} found",
                path=path,
                advice="list the steps under 'steps'",
            )
        unknown = [key for key in content if key not in KEYS]
        if unknown:
            raise OptionError(
                f"a pipeline has no key {unknown[0]!r}", path=path, advice=f"its keys are {', '.join(KEYS)}"
            )
        return cls(content["steps"] or [], content.get("description", ""), path=path)

    def to_dict(self) -> dict[str, Any]:
        """The pipeline as plain lists, mappings, text and numbers."""
        described = {"description": self.description} if self.description else {}
        return {**described, "steps": [step.content() for step in self.steps]}

    def to_yaml(self) -> str:
        """The pipeline as YAML text."""
        return format_yaml(self.to_dict())

    def to_json(self) -> str:
        """The pipeline as JSON text."""
        return format_json(self.to_dict())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the pipeline to a ``.yaml``, ``.yml`` or ``.json`` file, whole or not at all.

        Raises:
            OptionError: If the suffix is not one of these, or the folder is missing.
            FileAccessError: If the system refuses.
        """
        file = Path(path)
        if file.suffix.lower() not in PARSERS:
            raise OptionError(f"a pipeline's file must end in {', '.join(sorted(PARSERS))}", path=file)
        text = self.to_json() if file.suffix.lower() == ".json" else self.to_yaml()
        with replace_file(file) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def run(self, image: Image, masks: GivenMasks = None) -> PipelineResult:
        """Apply the steps to an image and its masks.

        Args:
            image: The image.
            masks: One mask, several in a list (named ``"0"``, ``"1"``, ...) or by name, each on the image's voxels;
                None for none. A single mask is named ``"mask"``.

        Returns:
            Image and masks, each with every step in its own provenance, and the record of the run. What was passed is
            left as it was.

        Raises:
            GeometryError: If a mask does not lie on the image; before anything runs.
            OptionError: If a mask is empty, or a step has no mask and needs one; before anything runs. If a step
                cannot be done; then its number is in the message.
        """
        piece = Workpiece(image, key_masks(masks))
        check_start(self.steps, piece)
        # NaN and infinity are marked once, and every step finds them marked.
        validity = find_valid_voxels(image)
        if validity.not_finite:
            marked = derive_image(image, *validity.decisions, source_mask=validity.mask)
            piece = Workpiece(marked, piece.masks)
        given = describe_image(image), {name: describe_image(mask) for name, mask in piece.masks.items()}
        records = []
        for number, step in enumerate(self.steps, 1):
            piece, record = run_step(step, number, piece)
            records.append(record)
        provenance = PipelineRecord(
            self.to_dict(),
            *given,
            tuple(records),
            describe_image(piece.image),
            {name: describe_image(mask) for name, mask in piece.masks.items()},
        )
        given_images = [image, *key_masks(masks).values()]
        kept = {name: own_voxels(mask, given_images) for name, mask in piece.masks.items()}
        return PipelineResult(own_voxels(piece.image, given_images), restore_form(masks, kept), provenance)


def own_voxels(image: Image, given: Sequence[Image]) -> Image:
    """An image that shares no voxels with those that were given; what no step has changed is copied here, once."""
    own, others = list_arrays(image), [array for other in given for array in list_arrays(other)]
    shares = any(np.may_share_memory(array, other) for array in own for other in others)
    return copy_image(image) if shares else image


def list_arrays(image: Image) -> list[AnyArray]:
    """The arrays of an image that can be written to."""
    return [array for array in (image.array, image.source_mask, image.direction) if array is not None]


def key_masks(masks: GivenMasks) -> dict[str, Image]:
    """GivenMasks by name."""
    if masks is None:
        return {}
    if isinstance(masks, Image):
        return {"mask": masks}
    if isinstance(masks, Mapping):
        return dict(masks)
    return {str(index): mask for index, mask in enumerate(masks)}


def restore_form(masks: GivenMasks, by_name: Mapping[str, Image]) -> Any:
    """GivenMasks in the form in which they were given."""
    if masks is None:
        return None
    if isinstance(masks, Image):
        return by_name["mask"]
    return dict(by_name) if isinstance(masks, Mapping) else list(by_name.values())
