"""Many files into one image: loaded one after the other, and merged by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..checks import check_choice
from ..errors import GeometryError, OptionError
from ..geometry import Grid
from ..image import Image
from ..interpolation import Interpolation
from ..labels import choose_label_type, report_lost_labels
from ..merger import Binarize, ConflictResolution, Merger
from ..placement import is_label_map, place
from ..provenance import Decision, Provenance, give_warnings
from ..storage.files import PathLike
from .keywords import check_binarize, check_paths, check_read_options, check_reference, warn_of_idle_options
from .loading_steps import place_on_grid, read_image
from .protocol import MAIN_VOLUME, ReadOptions

__all__ = ["load_and_merge_images"]


def load_and_merge_images(
    image_paths: Sequence[PathLike],
    reference_image: Image | None = None,
    conflict_resolution: ConflictResolution = "max",
    dataset_index: int = MAIN_VOLUME,
    recursive: bool = False,
    binarize: Binarize = None,
    reposition_to_reference: bool = False,
    transpose_axes: tuple[int, int, int] | None = None,
    fill_value: float = 0.0,
    relabel_masks: bool = False,
    apply_rescale: bool = True,
    *,
    dtype: npt.DTypeLike | None = None,
    interpolation: Interpolation | None = None,
) -> Image:
    """Load several images or masks of one place and merge them into one.

    Background is 0. A voxel that is background in all files but one has that one's value, and where several files have
    a value, ``conflict_resolution`` says which is kept. The files are read one after the other: however many there
    are, no more than the result and one of them are in memory.

    Args:
        image_paths: What to load, each as ``load_image`` takes it; of any formats.
        reference_image: The image that the result must lie on. Without ``reposition_to_reference``, every file must
            have the same voxels as it.
        conflict_resolution: Which value a voxel gets where several files are not background: the ``"max"`` or
            ``"min"`` of the values, or that of the ``"first"`` or ``"last"`` file of the list that has one.
        dataset_index: Which volume of each file that holds several, from 0.
        recursive: Of folders, also look into the folders below them.
        binarize: Turn the merged values into a mask of 1 and 0. True: every value above 0 is 1. A whole number: that
            value. A list: its values. A tuple of two: the values from the first to the second, both included. None or
            False: leave the values as they are.
        reposition_to_reference: Put each file onto the voxels of ``reference_image`` before merging, as ``load_image``
            does: for cropped masks, offsets, and axes in another order or direction.
        transpose_axes: Reorder the axes of each file before placing; see ``load_image``. Used with
            ``reposition_to_reference`` only.
        fill_value: Value of voxels of the reference that lie in no file. Used with ``reposition_to_reference`` only.
        relabel_masks: Give the masks of the first file the label 1, of the second 2, and so on, whatever their
            values; ``labels`` of the result then names the files, and a warning those of which nothing is left.
        apply_rescale: As for ``load_image``.
        dtype: Type of the voxels of each file; see ``load_image``.
        interpolation: With ``reposition_to_reference``: how to resample files whose lattice does not meet the
            reference's; None raises. Voxels outside the file are background.

    Returns:
        An Image of shape (x, y, z) on the voxels of the reference, or of the first file. Its type holds every value:
        of relabeled masks the smallest unsigned one, of binarized ones uint8, otherwise what the files' types need.
        Voxels that a file's ``source_mask`` calls invalid, or that are NaN, count as background of that file. Where
        files name their labels, ``labels`` says what won each voxel, by file where no name is known.

    Raises:
        ValueError: If a file does not load (see ``load_image``) or in one of these cases:
        OptionError: If the list is empty, a keyword has no such value, or a reference is needed and not given.
        GeometryError: If a file does not have the voxels of the first one or of the reference; the error names both
            files and what differs.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, load_and_merge_images, save_image
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name, where in (("liver", 1), ("kidney", 3)):
        ...     mask = np.zeros((4, 5, 6), np.uint8)
        ...     mask[where] = 1
        ...     save_image(Image(mask, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), folder / f"{name}.nii.gz")
        >>> organs = load_and_merge_images([folder / "liver.nii.gz", folder / "kidney.nii.gz"], relabel_masks=True)
        >>> organs.labels
        {1: 'liver.nii.gz', 2: 'kidney.nii.gz'}
        >>> np.unique(organs.array).tolist()
        [0, 1, 2]
    """
    paths = check_paths(image_paths)
    rule = check_choice("conflict_resolution", conflict_resolution, ("max", "min", "first", "last"))
    binarize_rule = check_binarize(binarize)
    method = check_choice("interpolation", interpolation, (None, "nearest", "linear", "cubic"))
    target = None if reference_image is None else check_reference(reference_image)
    if reposition_to_reference and target is None:
        raise OptionError(
            "reposition_to_reference=True needs an image to put the files on, and none was given",
            advice="pass reference_image",
        )
    if not reposition_to_reference:
        warn_of_idle_options("reposition_to_reference", transpose_axes, fill_value, interpolation)
    options = check_read_options(
        dataset_index=dataset_index,
        recursive=recursive,
        apply_rescale=apply_rescale,
        dtype=dtype,
        fill_value=fill_value,
        reference=reference_image,
        transpose_axes=transpose_axes if reposition_to_reference else None,
    )
    merger: Merger | None = None
    files = MergedFiles(bool(relabel_masks))
    keeps_owners = len(paths) > 1 and not relabel_masks and binarize_rule is None
    for path in paths:
        image, source = read_image(path, options)
        covered = None
        if merger is None:
            merger = Merger(image.grid if target is None else target, rule, options.fill_value)
            merger.keeps_owners = keeps_owners
        # What is no label needs no name.
        merger.keeps_owners = merger.keeps_owners and is_label_map(image)
        if target is not None and reposition_to_reference:
            image, covered = place_on_lattice(image, target, options, method, source)
        else:
            files.check_same_voxels(image.grid, merger.grid, source, target is not None)
        decisions = merger.add(image, *files.choose_label(len(paths)), covered)
        files.add(image, source, decisions)
        # Before the next one is read, so that no more than one is in memory besides the result.
        del image
    assert merger is not None  # the list is not empty
    return files.make_image(merger, binarize_rule)


def place_on_lattice(
    image: Image, target: Grid, options: ReadOptions, interpolation: Interpolation | None, path: str
) -> tuple[Image, npt.NDArray[np.bool_] | None]:
    """Resample an image whose lattice does not meet the target's.

    Returns:
        The image, which the merger can now take, and where it has voxels; None for everywhere, or if no fill value
        depends on it.
    """
    with suppress(GeometryError):
        image.grid.lattice_map(target, to_nearest=interpolation is None)
        return image, None
    moved = place_on_grid(image, target, 0, interpolation, path)
    if options.fill_value == 0:
        return moved, None
    # What resampling left empty is to be filled, and 0 alone does not tell it from background.
    inside = Image.from_grid(np.ones(image.grid.shape, np.uint8), image.grid)
    return moved, place(inside, target, 0, "nearest").array.astype(np.bool_)


@dataclass
class MergedFiles:
    """What the merged image takes over from its files besides the voxels."""

    relabel: bool
    sources: list[str] = field(default_factory=list)
    modality: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    labels: list[Mapping[int, str]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def check_same_voxels(self, grid: Grid, expected: Grid, source: str, is_reference: bool) -> None:
        """Raise unless a file lies on the same voxels as the first one, or as the reference."""
        difference = expected.difference(grid)
        if difference is None:
            return
        quality, required, found = difference
        other = "the reference image" if is_reference else f"'{self.sources[0]}'"
        raise GeometryError(
            f"its {quality} is {found} and that of {other} is {required}, and images are merged voxel by voxel",
            path=source,
            advice="pass reposition_to_reference=True to place every file on the voxels of a reference image",
            **{quality: found, f"required_{quality}": required},
        )

    def choose_label(self, count: int) -> tuple[int | None, np.dtype[Any] | None]:
        """The label of the next file and the type that holds those of all ``count``, or None if none is relabeled."""
        return (len(self.sources) + 1, choose_label_type(count)) if self.relabel else (None, None)

    def add(self, image: Image, source: str, placing: Sequence[Decision]) -> None:
        """Take over what one file says, and warn of it."""
        decisions = (*image.provenance.decisions, *placing)
        give_warnings(source, decisions)
        self.decisions += [replace(decision, text=f"'{source}': {decision.text}") for decision in decisions]
        if self.sources:
            self.metadata = {key: value for key, value in self.metadata.items() if image.metadata.get(key) == value}
        else:
            self.modality, self.metadata = image.modality, dict(image.metadata)
        self.sources.append(source)
        self.labels.append(dict(image.labels))

    def make_image(self, merger: Merger, rule: Binarize) -> Image:
        """Make the image of what was merged and what is known of the files."""
        contested = sum(merger.conflicts)
        text = f"merged {len(self.sources)} files; {contested} times a voxel had a value already ({merger.rule} kept)"
        decisions = [Decision("merged", text, contested)]
        labels: dict[int, str] = {}
        named: list[Decision] = []
        array = merger.finish()
        if self.relabel:
            labels, named = self.name_files(array, merger)
        elif rule is None:
            labels, named = self.name_values(merger)
        decisions += named
        if rule is not None:
            array, chosen = merger.binarize(rule)
            decisions += chosen
        give_warnings(f"{len(self.sources)} merged files", decisions)
        return Image.from_grid(
            array,
            merger.grid,
            modality=self.modality if rule is None and not self.relabel else "SEG",
            source_mask=merger.valid,
            metadata=self.metadata,
            labels=labels if rule is None else {},
            provenance=Provenance(self.sources[0], "merged files", (), (*self.decisions, *decisions)),
        )

    def name_files(self, array: npt.NDArray[Any], merger: Merger) -> tuple[dict[int, str], list[Decision]]:
        """The labels of relabeled files, and a warning of files of which nothing is left."""
        labels = {number: Path(source).name for number, source in enumerate(self.sources, 1)}
        decisions = []
        if merger.fill_value in labels:
            text = f"fill_value {merger.fill_value:g} is also the label of '{labels[int(merger.fill_value)]}'"
            decisions.append(Decision("merged", text, merger.fill_value, "content"))
        elif any(merger.conflicts):
            lost = [label for label in labels if merger.counts[label - 1] and not has_label(array, label)]
            decisions = report_lost_labels(lost, labels, are_covered=True)
        return labels, decisions

    def name_values(self, merger: Merger) -> tuple[dict[int, str], list[Decision]]:
        """What each label stands for, and a warning of those that stand for several things.

        A label is what the files call it whose voxels have it; a file that does not say gives its own name.
        """
        if not any(self.labels):
            return {}, []
        if not merger.keeps_owners:
            return {value: name for labels in reversed(self.labels) for value, name in labels.items()}, []
        names, decisions = {}, []
        for value, owners in merger.find_winners().items():
            found = {self.labels[k - 1].get(value) or Path(self.sources[k - 1]).name: k for k in reversed(owners)}
            distinct = list(reversed(found))
            names[value] = " + ".join(distinct)
            if len(distinct) > 1:
                of_files = " and ".join(f"'{name}' of '{self.sources[found[name] - 1]}'" for name in distinct)
                text = f"the value {value} stands for {of_files}; relabel_masks=True keeps files apart"
                decisions.append(Decision("merged", text, value, "content"))
        return names, decisions


def has_label(array: npt.NDArray[Any], value: int) -> bool:
    """Whether any voxel has a value; looks no further than the first plane with one."""
    return any((array[:, :, k] == value).any() for k in range(array.shape[2]))
