"""What a NIfTI, NRRD or MetaImage file says of its image, found out from its header."""

from __future__ import annotations

from dataclasses import dataclass

from ..provenance import Decision
from .json_comment import ImageFacts
from .volume_layout import VolumeLayout

__all__ = ["VolumeFile"]


@dataclass(frozen=True)
class VolumeFile:
    """A file whose header was read and whose voxels were found to be there.

    Attributes:
        layout: Where the voxels of its first volume are.
        facts: Where the image lies, and what else is known of it.
        shear: How far, in voxels, the worst corner moved when sheared axes were made orthogonal; 0.0 for none.
        decisions: What was assumed, converted, rounded or left out.
    """

    layout: VolumeLayout
    facts: ImageFacts
    shear: float = 0.0
    decisions: tuple[Decision, ...] = ()
