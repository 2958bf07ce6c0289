"""VolumeFile -> Image: what the readers of NIfTI, NRRD and MetaImage have in common."""

from __future__ import annotations

from ..checks import volume_index_error
from ..formats.noted_voxels import find_loaded_type, read_noted_box, read_noted_volume
from ..formats.volume_file import VolumeFile
from ..formats.volume_layout import find_slice_sources
from ..geometry import find_region_box
from ..image import Image
from ..provenance import Decision, Provenance
from ..storage.kept_stream import KeptStream
from .protocol import (
    MAIN_VOLUME,
    Description,
    ReadOptions,
    Source,
    VolumeInfo,
    describe_grid,
)
from .region_cutting import describe_region_read

__all__ = ["describe_volume_file", "load_volume_file"]


MOST_VOLUMES_LISTED = 500
"""Time points of a long series; a header may claim any number, and more would cost time and memory to say the same."""


def load_volume_file(
    opened: VolumeFile, source: Source, name: str, options: ReadOptions, kept: KeptStream | None = None
) -> Image:
    """Read the volume that is asked for.

    Args:
        opened: What the file says.
        source: The file.
        name: Name of the reader.
        options: How to read it.
        kept: Keeps a compressed stream open for the volume that is read next; None closes it.

    Raises:
        OptionError: If there is no such volume, or the voxels do not fit the type asked for.
        CorruptFileError: If the files hold less than the header says, or damaged data.
    """
    index, volumes, facts = options.dataset_index, opened.layout.volumes, opened.facts
    if index >= volumes:
        raise volume_index_error(index, volumes, "the file", source.path)
    layout = opened.layout.at(index)
    decisions = opened.decisions
    if volumes > 1:
        text = f"{volumes - 1} of {volumes} volumes were not loaded"
        is_unasked = options.is_mask and index is MAIN_VOLUME
        decisions = (*decisions, Decision("left out", text, volumes - 1, "content" if is_unasked else None))
    metadata = dict(facts.metadata)
    if opened.parts is not None:
        decisions = (*decisions, opened.parts.decision)
    if opened.name_volume(index):
        metadata["phase"] = opened.name_volume(index)
    slices, grid = find_slice_sources(layout, facts.grid), facts.grid
    if options.region is None:
        voxels = read_noted_volume(layout, facts, options.dtype, kept)
    else:
        box = find_region_box(options.region, grid, source.path)
        voxels = read_noted_box(layout, facts, box.start, box.shape, opened.crop, options.dtype, kept)
        voxels = voxels.take(box.within)
        decisions = (*decisions, *describe_region_read(box, grid))
        slices, grid = slices[box.index[2]], grid[box.index]
    return Image.from_grid(
        voxels.array,
        grid,
        modality=facts.modality,
        metadata=metadata,
        labels=dict(facts.labels),
        source_mask=voxels.source_mask,
        provenance=Provenance(source.path, name, slices, (*decisions, *voxels.decisions)),
    )


def describe_volume_file(opened: VolumeFile, name: str) -> Description:
    """List the volumes of a file.

    Args:
        opened: What the file says, read with ``irregular="ignore"`` so that a shear is described and not refused.
        name: Name of the reader.
    """
    facts, is_sheared = opened.facts, opened.shear > 0
    irregular = (("irregular", "ignore"),) if is_sheared else ()
    parts, volumes = opened.parts, opened.layout.volumes
    decisions = (*opened.decisions, *(() if parts is None else (parts.decision,)))
    notes = tuple(decision.text for decision in decisions)
    listed = min(volumes, MOST_VOLUMES_LISTED)
    more = f"volumes {listed + 1} to {volumes}, which differ from these only in dataset_index"
    return Description(
        tuple(
            VolumeInfo(
                name,
                facts.modality,
                facts.metadata.get("series_description", ""),
                **describe_grid(facts.grid),
                stored_type=opened.layout.stored.name,
                loaded_type=find_loaded_type(opened.layout, facts).name,
                dataset_index=index,
                options=((("dataset_index", index),) if index else ()) + irregular,
                labels=tuple(facts.labels.items()),
                findings=(("sheared", opened.shear),) if is_sheared else (),
                notes=notes,
                phase=opened.name_volume(index),
                is_default=not index and not is_sheared,
            )
            for index in range(listed)
        ),
        (more,) if listed < volumes else (),
        volumes - listed,
    )
