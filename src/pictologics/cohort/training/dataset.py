"""Dataset: the cases of a run as tensors, for PyTorch's DataLoader."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ...bridges.loader_workers import bound_worker_threads
from ...checks import check_choice, check_number
from ...errors import GeometryError, OptionError
from ...geometry import Grid
from ..cases.case import Case
from ..libraries import name_missing_library
from .label_values import LabelValues, check_stored_labels
from .patches import (
    LabelCenters,
    check_patch,
    choose_patch_start,
    copy_in_blocks,
    find_label_centers,
    pad_box,
    split_box,
)
from .patient_split import split_by_patient
from .training_case import (
    OpenCase,
    TrainingCase,
    choose_images,
    list_given_cases,
    list_written_cases,
)
from .volume_boxes import OpenVolume

if TYPE_CHECKING:
    TorchDataset = object
else:
    # Without PyTorch the class can be looked at and documented, and says what is missing when it is used.
    try:
        from torch.utils.data import Dataset as TorchDataset
    except ModuleNotFoundError:
        TorchDataset = object

__all__ = ["Dataset"]

CaseItem = dict[str, Any]
"""What a case becomes."""


class Dataset(TorchDataset):
    """The cases of a run as tensors: a map-style ``torch.utils.data.Dataset``.

    Cases come in the order of their names, or in that in which they are given. An item is a dict of

    - ``"image"``: float32, (channels, x, y, z), a channel for each image of the case;
    - ``"mask"``: uint8, (1, x, y, z), 0 is the background;
    - ``"affine"``: float64, (4, 4), from voxel indices (x, y, z) of these tensors to positions in mm, in LPS as all of
      pictologics has them and DICOM does. MONAI and nibabel have RAS: negate the first two rows;
    - ``"spacing"``: float64, (3,), distance between voxel centers along (x, y, z), mm;
    - ``"case_id"``: the name of the case in the manifest.

    It holds no open files, so that it travels to workers by fork and by spawn. In a worker, pictologics uses the cores
    that are its share.

    Random patches are drawn from PyTorch's generator: ``torch.manual_seed`` repeats them, and ``DataLoader`` gives each
    worker a seed of its own. Of uncompressed NIfTI, NRRD and MetaImage files only the patch is read, of OME-Zarr the
    chunks that it touches; gzip is inflated up to the patch's last slice. Where patches are centered on labels, the
    whole mask of a case is read once in each process, so let workers stay (``persistent_workers=True``).

    Args:
        cases: The folder that ``run`` wrote, or its URL; or a list of ``Case``, whose series are loaded as they are,
            each time anew and as a whole.
        images: Names of the images that become channels, in this order; by default all.
        labels: The value that each name of a label gets, from 1 to 255; several names may have one value. Capital
            letters, spaces and underscores do not count. Labels with other names are background, and where masks
            overlap, the later one of a case counts. By default masks keep the values that they have, which must stand
            for the same in all cases.
        with_masks: False leaves masks out: items have no ``"mask"``.
        without_mask: What to do with cases that have no mask, or none with a label that is wanted: ``"error"``,
            ``"leave out"``, or ``"background"``, which takes all of such a case for background.
        patch: Voxels of a random patch along (x, y, z); by default items are whole volumes.
        label_probability: How likely a patch is centered on a voxel of a label, with each label of the case alike.
        fill_value: What voxels of a patch get that lie outside a smaller volume.
        transform: Called with each item; its result is the item. To travel to workers by spawn it must be a function
            of a module, or an object that can be pickled.

    Attributes:
        case_ids: The names of the cases, in order.
        left_out: Cases of the run that are not here, and why.
        label_names: What the values of masks stand for; empty where nobody knows.

    Raises:
        MissingPathError: If no run has written there.
        OptionError: If PyTorch is not installed, a parameter cannot be honored, images or labels do not agree, or no
            case is left.

    Examples:
        >>> from pictologics.cohort import Dataset
        >>> data = Dataset("out", labels={"liver": 1}, patch=(96, 96, 48))  # doctest: +SKIP
        >>> training, validation = data.split((0.8, 0.2))  # doctest: +SKIP
        >>> training[0]["image"].shape  # doctest: +SKIP
        torch.Size([1, 96, 96, 48])
    """

    def __init__(
        self,
        cases: str | os.PathLike[str] | Sequence[Case],
        *,
        images: Sequence[str] | None = None,
        labels: Mapping[str, int] | None = None,
        with_masks: bool = True,
        without_mask: Literal["error", "leave out", "background"] = "error",
        patch: Sequence[int] | None = None,
        label_probability: float = 0.5,
        fill_value: float = 0.0,
        transform: Callable[[CaseItem], Any] | None = None,
    ) -> None:
        with name_missing_library():
            import torch  # noqa: F401 - missing, it is named here and not in a worker
        check_choice("without_mask", without_mask, ("error", "leave out", "background"))
        self.patch = check_patch(patch)
        self.label_probability = check_number("label_probability", label_probability, least=0, most=1)
        self.fill_value = fill_value
        self.transform = transform
        self.with_masks = with_masks
        self.label_values = LabelValues() if labels is None else LabelValues.from_names(labels)
        found: Sequence[TrainingCase]
        if isinstance(cases, (str, os.PathLike)):
            found, self.left_out = list_written_cases(cases)
        else:
            found, self.left_out = list_given_cases(cases)
        self.cases: list[TrainingCase] = self.keep_labeled(found, without_mask) if with_masks else list(found)
        self.images = choose_images(self.cases, images)
        self.label_names: dict[int, str] = {}
        if with_masks:
            self.label_names = check_stored_labels(self.cases) if labels is None else name_values(labels)
        self.centers: dict[str, LabelCenters] = {}

    @property
    def case_ids(self) -> list[str]:
        """The names of the cases, in order."""
        return [case.case_id for case in self.cases]

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, index: int) -> Any:
        import torch

        bound_worker_threads()
        case = self.cases[index]
        opened = case.open(self.images, with_masks=self.with_masks)
        grid = check_grids(case, opened)
        start, shape = self.choose_box(case, opened, grid)
        inside = split_box(start, shape, grid.shape)
        image = np.empty((len(opened.images), *shape), np.float32)
        for channel, volume in zip(image, opened.images, strict=True):
            copy_in_blocks(channel, pad_box(volume.read(*inside), start, shape, self.fill_value))
        item: CaseItem = {"image": torch.from_numpy(image)}
        if self.with_masks:
            mask = np.empty((1, *shape), np.uint8)
            copy_in_blocks(mask[0], pad_box(self.read_labels(opened, *inside), start, shape, 0))
            item["mask"] = torch.from_numpy(mask)
        affine = grid.affine.copy()
        affine[:3, 3] = grid.index_to_world(start)
        item["affine"] = torch.from_numpy(affine)
        item["spacing"] = torch.tensor(grid.spacing, dtype=torch.float64)
        item["case_id"] = case.case_id
        return item if self.transform is None else self.transform(item)

    def keep_labeled(self, cases: Sequence[TrainingCase], without_mask: str) -> list[TrainingCase]:
        """Keep the cases that have a mask with a label that is wanted, or do with the others what is asked for."""
        lacking = {case.case_id for case in cases if not self.label_values.names_any(case)}
        if without_mask == "background" or not lacking:
            return list(cases)
        if len(lacking) == len(cases):
            raise OptionError(
                f"no case has a mask with a label that is wanted{list_known_labels(cases)}",
                advice="name labels that the run has, or run again with the masks",
            )
        if without_mask == "error":
            raise OptionError(
                f"{len(lacking)} of {len(cases)} cases have no mask with a label that is wanted, such as "
                f"{min(lacking)}{list_known_labels(cases)}",
                advice='pass without_mask="leave out" to go on without them, or "background" if nothing is there',
            )
        self.left_out |= dict.fromkeys(sorted(lacking), "no mask")
        return [case for case in cases if case.case_id not in lacking]

    def choose_box(self, case: TrainingCase, opened: OpenCase, grid: Grid) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The first voxel and the shape of what is read of a case: all of it, or a random patch."""
        import torch

        if self.patch is None:
            return (0, 0, 0), grid.shape
        chance, *draws = torch.rand(4, dtype=torch.float64).tolist()
        is_centered = self.with_masks and chance < self.label_probability
        if is_centered and case.case_id not in self.centers:
            self.centers[case.case_id] = find_label_centers(self.read_labels(opened, (0, 0, 0), grid.shape))
        centers = self.centers[case.case_id] if is_centered else {}
        return choose_patch_start(grid.shape, self.patch, centers, draws), self.patch

    def read_labels(self, opened: OpenCase, start: Sequence[int], shape: Sequence[int]) -> npt.NDArray[np.uint8]:
        """The labels of a box of a case, (x, y, z), with the values that they have in all cases."""
        return self.label_values.paint(((mask.read(start, shape), names) for mask, names in opened.masks), shape)

    def subset(self, case_ids: Collection[str]) -> Dataset:
        """The same with some of its cases only, in the same order.

        Raises:
            OptionError: If there is no such case.
        """
        unknown = sorted(set(case_ids).difference(self.case_ids))
        if unknown:
            raise OptionError(f"there is no case {unknown[0]}", advice="see case_ids for those that there are")
        return self.with_cases([case for case in self.cases if case.case_id in set(case_ids)])

    def split(
        self,
        fractions: Sequence[float] = (0.8, 0.2),
        *,
        seed: int = 0,
        patient_of: Callable[[str], str] | None = None,
    ) -> tuple[Dataset, ...]:
        """Share out the cases, so that all of a patient are in one part.

        Args:
            fractions: How many of the patients go into each part; together 1.
            seed: The same seed gives the same parts.
            patient_of: A function from the name of a case to its patient, where the manifest knows none, as of files
                that are not DICOM.

        Returns:
            A data set for each fraction.

        Raises:
            OptionError: If fractions are not above 0 or not 1 together, if a patient is not known, or if a part would
                be empty.
        """
        return tuple(self.with_cases(part) for part in split_by_patient(self.cases, fractions, seed, patient_of))

    def with_cases(self, cases: list[TrainingCase]) -> Dataset:
        """The same with other cases."""
        other = copy.copy(self)
        other.cases, other.centers, other.left_out = cases, {}, dict(self.left_out)
        return other


def name_values(labels: Mapping[str, int]) -> dict[int, str]:
    """What values stand for; several names of one value are joined."""
    names: dict[int, list[str]] = {}
    for name, value in labels.items():
        names.setdefault(value, []).append(name)
    return {value: ", ".join(names[value]) for value in sorted(names)}


def list_known_labels(cases: Sequence[TrainingCase]) -> str:
    """The labels that there are, for a message."""
    names = sorted({name for case in cases for labels in case.mask_labels or () for name in labels.values()})
    more = ", ..." if len(names) > 10 else ""
    return f"; labels of this run are {', '.join(names[:10])}{more}" if names else ""


def check_grids(case: TrainingCase, opened: OpenCase) -> Grid:
    """The grid of a case's first image, on whose voxels the other images and the masks lie.

    Raises:
        GeometryError: If one does not.
    """
    grid = opened.images[0].grid
    others: list[OpenVolume] = [*opened.images[1:], *(mask for mask, _ in opened.masks)]
    for volume in others:
        if not volume.grid.lies_on(grid):
            raise GeometryError(
                f"a file of the case {case.case_id} has shape {volume.grid.shape} and does not lie on the voxels of "
                f"its first image, of shape {grid.shape}",
                advice="the file was changed after the run: run the case again",
            )
    return grid
