"""A volume as it is stored, and what its header says of it -> Image: what readers of such formats have in common."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import OptionError
from ..formats.notes import Note
from ..formats.reading import read_volume
from ..formats.stored_volume import StoredVolume, slice_sources
from ..image import Image
from ..provenance import Decision, Provenance
from .protocol import (
    Description,
    ReadOptions,
    Source,
    VolumeInfo,
)

__all__ = ["StoredContent", "describe_stored", "read_stored"]


@dataclass(frozen=True)
class StoredContent:
    """What a file says.

    Attributes:
        volume: Its first volume, found to be there.
        note: Where it lies, and what else is known of it.
        decisions: What was decided about it.
    """

    volume: StoredVolume
    note: Note
    decisions: tuple[Decision, ...] = ()


def read_stored(content: StoredContent, source: Source, name: str, options: ReadOptions) -> Image:
    """Read the volume that is asked for.

    Args:
        content: What the file says.
        source: The file.
        name: Name of the reader.
        options: How to read it.

    Raises:
        OptionError: If there is no such volume, or the voxels do not fit the type asked for.
        CorruptFileError: If the files hold less than the header says, or damaged data.
    """
    index, volumes, note = options.dataset_index, content.volume.volumes, content.note
    if index >= volumes:
        raise OptionError(
            f"dataset_index {index} is out of range: the file holds {volumes} volume{'s' * (volumes != 1)}",
            path=source.path,
            advice=f"pass 0 to {volumes - 1}" if volumes > 1 else "leave dataset_index out",
            volumes=volumes,
        )
    volume = content.volume.at(index)
    decisions = content.decisions
    if volumes > 1:
        text = f"{volumes - 1} of {volumes} volumes were not loaded"
        decisions = (*decisions, Decision("left out", text, volumes - 1))
    return Image.from_grid(
        read_volume(volume, options.dtype),
        note.grid,
        modality=note.modality,
        metadata=dict(note.metadata),
        labels=dict(note.labels),
        provenance=Provenance(source.path, name, slice_sources(volume, note.grid), decisions),
    )


def describe_stored(content: StoredContent, name: str) -> Description:
    """List the volumes of a file, of which a shear is told.

    Args:
        content: What the file says, read with ``irregular="ignore"``.
        name: Name of the reader.
    """
    note = content.note
    sheared = [one for one in content.decisions if one.kind == "rounded" and one.warning is not None]
    irregular = (("irregular", "ignore"),) if sheared else ()
    return Description(
        tuple(
            VolumeInfo(
                name,
                note.modality,
                note.metadata.get("series_description", ""),
                shape=note.grid.shape,
                spacing=note.grid.spacing,
                orientation=note.grid.orientation,
                dataset_index=index,
                options=((("dataset_index", index),) if index else ()) + irregular,
                labels=tuple(note.labels.items()),
                findings=tuple(("sheared", one.value or 0.0) for one in sheared),
                notes=tuple(decision.text for decision in content.decisions),
                is_default=not index and not sheared,
            )
            for index in range(content.volume.volumes)
        )
    )
