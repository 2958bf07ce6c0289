"""What a NIfTI, NRRD or MetaImage file says of its image, found out from its header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..provenance import Decision
from ..series.axes import SeriesAxis
from .json_comment import ImageFacts
from .volume_layout import CropLayout, VolumeLayout

__all__ = ["VolumeFile", "VoxelParts", "name_parts"]

PART_NAMES = {
    "complex": ("real part", "imaginary part"),
    "rgb-color": ("red", "green", "blue"),
    "rgba-color": ("red", "green", "blue", "alpha"),
}
"""What the numbers of a voxel are called, by the kind of voxel."""


ListAxes = Callable[[], Mapping[int, SeriesAxis]]
"""Gives axes along which volumes lie, by their number among those of the stored array."""


@dataclass(frozen=True)
class VoxelParts:
    """Several numbers for each voxel: a vector, a tensor, a color, a complex number. Each is a volume of its own.

    Attributes:
        axis: The axis of the stored array along which they lie.
        kind: What they make together.
        names: What each is called.
    """

    axis: int
    kind: str
    names: tuple[str, ...]

    @property
    def decision(self) -> Decision:
        """What is said of every such file, in every format."""
        text = (
            f"a voxel has {len(self.names)} numbers ({self.kind}), of which dataset_index chose one: each is a volume"
        )
        return Decision("left out", text, len(self.names) - 1, "content")

    def name_at(self, layout: VolumeLayout, index: int) -> str:
        """What the number is called that a volume of the file holds."""
        for axis, size in enumerate(layout.sizes):
            if axis not in layout.spatial:
                index, at = divmod(index, size)
                if axis == self.axis:
                    return self.names[at]
        return ""


def name_parts(axis: int, count: int, kind: str) -> VoxelParts | None:
    """The parts of voxels of so many numbers; None if there is only one."""
    if count < 2:
        return None
    names = PART_NAMES.get(kind, ())
    numbered = tuple(f"component {k} of {count}" for k in range(1, count + 1))
    return VoxelParts(axis, kind, names if len(names) == count else numbered)


@dataclass(frozen=True)
class VolumeFile:
    """A file whose header was read and whose voxels were found to be there.

    Attributes:
        layout: Where the voxels of its first volume are.
        facts: Where the image lies, and what else is known of it.
        shear: How far, in voxels, the worst corner moved when sheared axes were made orthogonal; 0.0 for none.
        decisions: What was assumed, converted, rounded or left out.
        parts: The numbers of which a voxel is made, None if it is one.
        crop: Makes the layout of a box of a volume.
        list_axes: Gives what is known of axes of the stored array along which volumes lie, by the number of the axis.
            It is asked for a series alone: a header may claim any number of volumes.
    """

    layout: VolumeLayout
    facts: ImageFacts
    shear: float = 0.0
    decisions: tuple[Decision, ...] = ()
    parts: VoxelParts | None = None
    crop: CropLayout = VolumeLayout.cropped
    list_axes: ListAxes = dict

    def name_volume(self, index: int) -> str:
        """What a volume is called: the number of a voxel that it holds, or what a comment of ours says; else empty."""
        if self.parts is not None:
            return self.parts.name_at(self.layout, index)
        phases = self.facts.phases
        return phases[index] if len(phases) == self.layout.volumes else ""
