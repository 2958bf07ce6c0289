"""A pipeline's steps, one after the other, on an image and its masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ...errors import GeometryError, OptionError
from ...image import Image
from ...image_checks import check_image, name_of
from ...provenance import Decision
from ..mask_labels import check_mask, read_mask_labels
from .catalog import find_step
from .record import StepRecord
from .steps import Step, to_plain

__all__ = ["Workpiece", "check_start", "run_step"]


@dataclass(frozen=True)
class Workpiece:
    """An image and its masks between two steps.

    Attributes:
        image: The image.
        masks: Its masks by name.
    """

    image: Image
    masks: Mapping[str, Image]

    def decisions(self) -> dict[str, tuple[Decision, ...]]:
        """What was decided so far: of the image under an empty name, of each mask under its own."""
        return {"": self.image.provenance.decisions} | {
            name: mask.provenance.decisions for name, mask in self.masks.items()
        }


def check_start(steps: Sequence[Step], piece: Workpiece) -> None:
    """Check, before anything runs, that every step has what it needs.

    Raises:
        GeometryError: If the image has no place in the world, or a mask lies elsewhere.
        OptionError: If a mask is empty, no voxel is valid, or a step lacks a mask or cannot choose one.
    """
    image = piece.image
    check_image(image)
    if image.source_mask is not None and not image.source_mask.any():
        raise OptionError("the image has no valid voxel", path=name_of(image), advice="check its source mask")
    for name, mask in piece.masks.items():
        check_mask(image, mask)
        if not read_mask_labels(mask).any():
            raise OptionError(f"the mask '{name}' marks no voxel", path=name_of(mask), advice="check what was loaded")
    for number, step in enumerate(steps, 1):
        check_masks_of_step(step, number, tuple(piece.masks))


def check_masks_of_step(step: Step, number: int, names: tuple[str, ...]) -> None:
    """Check that a step has the masks that it needs."""
    scope = find_step(step.name, number, None).scope
    where = f"step {number} ({step.name})"
    unknown = [name for name in step.masks or () if name not in names]
    if unknown:
        raise OptionError(
            f"{where} names the mask {unknown[0]!r}, which was not given",
            advice=f"the masks are {', '.join(map(repr, names)) or 'none'}",
            step=number,
            known=list(names),
        )
    if scope.needs_mask and not names:
        raise OptionError(f"{where} needs a mask, and none was given", advice="pass a mask", step=number)
    chosen = names if step.masks is None else step.masks
    if scope.takes_one_mask and len(chosen) > 1:
        raise OptionError(
            f"{where} takes one mask, and {len(chosen)} were given",
            advice=f"name one of them with masks: {', '.join(map(repr, chosen))}",
            step=number,
        )


def run_step(step: Step, number: int, piece: Workpiece) -> tuple[Workpiece, StepRecord]:
    """Do one step.

    Raises:
        PictologicsError: What its function raises, with the number and the name of the step before it.
    """
    kind = find_step(step.name, number, None)
    parameters = step.all_parameters()
    chosen = kind.scope.choose(step.masks, piece.masks)
    shown = ", ".join(f"{name}={to_plain(value)!r}" for name, value in parameters.items())
    changed = chosen if kind.scope.changes_masks else ()
    before = note_step(piece, changed, Decision("processed", f"step {number}: {step.name}({shown})"))
    try:
        image, masks = kind.scope.apply(partial(kind.load(), **parameters), before.image, before.masks, chosen)
    except (OptionError, GeometryError) as error:
        raise type(error)(
            f"step {number} ({step.name}): {error.found}", path=error.path, advice=error.advice, **error.values
        ) from error
    after = Workpiece(image, masks)
    return after, StepRecord(
        step.name,
        {name: to_plain(value) for name, value in parameters.items()},
        chosen,
        tuple(list_new_decisions(before, after)),
    )


def note_step(piece: Workpiece, changed: Sequence[str], decision: Decision) -> Workpiece:
    """The image, and the masks that a step changes, with the step in their records."""

    def note(image: Image) -> Image:
        return replace(image, provenance=image.provenance.with_decisions(decision))

    masks = {name: note(mask) if name in changed else mask for name, mask in piece.masks.items()}
    return Workpiece(note(piece.image), masks)


def list_new_decisions(before: Workpiece, after: Workpiece) -> list[str]:
    """What a step decided, in words, with the mask's name before what concerns a mask."""
    known = before.decisions()
    return [
        (f"{name}: " if name else "") + decision.text
        for name, decisions in after.decisions().items()
        for decision in decisions[len(known[name]) :]
    ]
