"""Which image each mask, structure set and dose of a few studies is of; the rule of a cohort's tables, in memory.

What a file says of itself counts most: the series that it names, then the objects, for a dose through its plan and
structure set. Then comes the frame of reference, and last the study, where nothing contradicts it. Of several images
that fit, ``rank_choice`` says which is meant. ``pictologics.cohort.indexing.linking`` asks the same of the tables of
millions of files; the tests ask both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ...geometry import Grid
from .series_kinds import SeriesKind

__all__ = ["Link", "LinkedSeries", "find_links"]

SAME_STEP: Final = 1e-3
"""How much the spacings of a segmentation and of its image may differ, as a share."""


@dataclass(frozen=True)
class LinkedSeries:
    """What is known of one series; UIDs are empty where it has none.

    Attributes:
        key: What it is called.
        kind: Whether it is an image, a mask, a structure set, a dose or something else.
        study: StudyInstanceUID.
        patient: Which patient it is of.
        frame: FrameOfReferenceUID.
        modality: Its modality.
        files: How many objects it has.
        loads: Whether it loads.
        grid: Where its voxels lie.
        named_series: Series that it names as its images.
        named_instances: Objects that it names.
        instances: The objects that it has.
    """

    key: str
    kind: SeriesKind
    study: str = ""
    patient: str = ""
    frame: str = ""
    modality: str = ""
    files: int = 1
    loads: bool = True
    grid: Grid | None = None
    named_series: tuple[str, ...] = ()
    named_instances: tuple[str, ...] = ()
    instances: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Link:
    """The image of a mask, a structure set or a dose.

    Attributes:
        image: Key of the image's series.
        how: How it was found: ``"referenced series"``, ``"referenced images"``, ``"frame of reference"``, ``"plan and
            structure set"`` or ``"study"``.
        choices: How many images fit equally well; of more than one, one was taken.
    """

    image: str
    how: str
    choices: int = 1


@dataclass(frozen=True)
class ImageChoice:
    """An image that may be that of a mask, and how many of the named objects are its."""

    image: LinkedSeries
    how: str
    matches: int


class Linker:
    """Finds the images of masks, one kind of evidence after the other."""

    def __init__(self, series: Sequence[LinkedSeries]) -> None:
        self.series = series
        self.images = {item.key: item for item in series if item.kind == "image"}
        self.masks = [item for item in series if item.kind in ("SEG", "RTSTRUCT", "dose")]
        self.choices: dict[str, list[ImageChoice]] = {}
        self.named = count_named_objects(series)

    def choose(self, how: str, found: Iterable[tuple[LinkedSeries, str, int]]) -> None:
        """Enter the images that are named in one way, for the masks that have none yet."""
        entered: defaultdict[str, list[ImageChoice]] = defaultdict(list)
        for mask, key, matches in found:
            if mask.key not in self.choices and key in self.images:
                entered[mask.key].append(ImageChoice(self.images[key], how, matches))
        self.choices.update(entered)

    def link(self) -> dict[str, Link]:
        """Find all, in the order of what counts most."""
        self.choose("referenced series", ((mask, key, 1) for mask in self.masks for key in mask.named_series))
        self.choose(
            "referenced images",
            ((mask, key, count) for mask in self.masks for key, count in self.named.get(mask.key, {}).items()),
        )
        structures = [mask for mask in self.masks if mask.kind != "dose"]
        self.choose("frame of reference", self.pair_frames(structures))
        # By now the structure sets have their images, from which doses have theirs.
        self.choose("plan and structure set", self.pair_doses(self.take_best()))
        self.choose("frame of reference", self.pair_frames(self.masks))
        self.choose("study", self.pair_studies())
        return self.take_best()

    def pair_frames(self, masks: Iterable[LinkedSeries]) -> Iterable[tuple[LinkedSeries, str, int]]:
        """Masks and images of one frame of reference and one patient."""
        for mask in masks:
            for image in self.images.values():
                if mask.frame and mask.frame == image.frame and could_be_one_patient(mask, image):
                    yield mask, image.key, 1

    def pair_doses(self, best: dict[str, Link]) -> Iterable[tuple[LinkedSeries, str, int]]:
        """A dose names its plan, and the plan its structure set: the image is that of the structure set."""
        for mask in self.masks:
            own = self.named.get(mask.key, {})
            reached = dict.fromkeys([*own, *(target for plan in own for target in self.named.get(plan, {}))])
            for image in dict.fromkeys(best[target].image for target in reached if target in best):
                yield mask, image, 1

    def pair_studies(self) -> Iterable[tuple[LinkedSeries, str, int]]:
        """Masks and images of one study, unless two frames of reference speak against it."""
        for mask in self.masks:
            for image in self.images.values():
                is_same = mask.study and mask.study == image.study and could_be_one_patient(mask, image)
                # Only equal planes, which anonymizers keep, outweigh another frame.
                if is_same and (not mask.frame or not image.frame or fits_grid(mask, image)):
                    yield mask, image.key, 1

    def take_best(self) -> dict[str, Link]:
        """The image of each mask that has any choice."""
        masks = {mask.key: mask for mask in self.masks}
        found = {}
        for key, choices in self.choices.items():
            mask = masks[key]
            best = min(choices, key=lambda choice: rank_choice(mask, choice))
            equal = [choice for choice in choices if rank_choice(mask, choice)[0] == rank_choice(mask, best)[0]]
            found[key] = Link(best.image.key, best.how, len(equal))
        return found


def find_links(series: Sequence[LinkedSeries]) -> dict[str, Link]:
    """Find the image of every mask, structure set and dose among some series.

    Args:
        series: The series, each once.

    Returns:
        The links by the keys of what is linked; what has no image is not among them.
    """
    return Linker(series).link()


def count_named_objects(series: Sequence[LinkedSeries]) -> dict[str, dict[str, int]]:
    """How many of the objects that a series names each other series has."""
    homes = {instance: item.key for item in series for instance in item.instances}
    counts: dict[str, dict[str, int]] = {}
    for item in series:
        for instance in dict.fromkeys(item.named_instances):
            if instance in homes:
                own = counts.setdefault(item.key, {})
                own[homes[instance]] = own.get(homes[instance], 0) + 1
    return counts


def rank_choice(mask: LinkedSeries, choice: ImageChoice) -> tuple[tuple[int, bool, bool, bool], bool, bool, int, str]:
    """What the smaller of two choices is better by; those with the same first part fit equally well."""
    image = choice.image
    is_volume = image.grid is not None and image.grid.shape[2] > 1
    same_study = bool(mask.study) and mask.study == image.study
    equal = (-choice.matches, not fits_grid(mask, image), not same_study, not is_volume)
    return equal, not image.loads, image.modality != "CT", -image.files, image.key


def could_be_one_patient(mask: LinkedSeries, image: LinkedSeries) -> bool:
    """Whether nothing says that they are of two patients, whose frames anonymizers may give one UID."""
    return not mask.patient or not image.patient or mask.patient == image.patient


def fits_grid(mask: LinkedSeries, image: LinkedSeries) -> bool:
    """Whether a segmentation has the steps of an image and two of its sizes, by the axes of the patient.

    It may lack the planes that show nothing, so that it is shorter than its image along one axis.
    """
    if mask.kind != "SEG" or mask.grid is None or image.grid is None:
        return False
    own, other = order_by_patient(mask.grid), order_by_patient(image.grid)
    same_steps = all(abs(own[axis][1] - other[axis][1]) <= SAME_STEP * other[axis][1] for axis in own)
    return same_steps and sum(own[axis][0] == other[axis][0] for axis in own) >= 2


def order_by_patient(grid: Grid) -> dict[str, tuple[int, float]]:
    """Size and step of a grid along the axes of the patient, whichever way its own run."""
    found = {}
    for axis, letters in enumerate(("LR", "PA", "SI")):
        place = next((k for k in (0, 1) if grid.orientation[k] in letters), 2)
        found["xyz"[axis]] = grid.shape[place], grid.spacing[place]
    return found
