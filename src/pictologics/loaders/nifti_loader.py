"""NIfTI-1 and NIfTI-2: one file, gzip or not, or a pair of header and voxels."""

from __future__ import annotations

from ..errors import MissingPathError, OptionError
from ..files import StoredFile
from ..geometry import Grid
from ..image import Image
from ..inflation import inflate_head
from ..nifti.header import LONGEST_HEADER, NiftiHeader, looks_like_nifti, parse_header
from ..nifti.note import read_note
from ..nifti.pairs import companion
from ..nifti.voxels import stored_volume
from ..nifti.world import grid_of
from ..provenance import Decision, Provenance, SliceSource
from ..stored_volumes import check_size, read_volume
from .protocol import Description, Probe, ReadOptions, Source, VolumeInfo

__all__ = ["NiftiReader"]


GZIP_MARK = b"\x1f\x8b"


class NiftiReader:
    """Reads NIfTI; see ``pictologics.nifti``."""

    name = "NIfTI"
    suffixes: tuple[str, ...] = (".nii", ".nii.gz", ".hdr", ".img")
    honours = frozenset({"dataset_index", "dtype", "irregular"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the file begins with a NIfTI header, behind gzip or not."""
        if probe.source.kind != "file":
            return False
        # The name breaks the tie for a gzip file so damaged that not even its head can be inflated.
        is_damaged = probe.is_gzip and not probe.inflated_head and probe.suffix.endswith(".nii.gz")
        return is_damaged or looks_like_nifti(probe.inflated_head)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read one volume."""
        header = open_header(source.files[0])
        index = options.dataset_index
        if index >= header.volumes:
            raise OptionError(
                f"dataset_index {index} is out of range: the file holds {header.volumes} "
                f"volume{'s' * (header.volumes != 1)}",
                path=source.path,
                advice=f"pass 0 to {header.volumes - 1}" if header.volumes > 1 else "leave dataset_index out",
                volumes=header.volumes,
            )
        data = voxels_of(header)
        volume = stored_volume(header, data, is_gzip(data), index)
        check_size(volume)
        grid, decisions = grid_of(header, options.irregular)
        note = read_note(header, grid)
        grid = note.grid
        array = read_volume(volume, options.dtype)
        if header.volumes > 1:
            decisions.append(
                Decision(
                    "left out", f"{header.volumes - 1} of {header.volumes} volumes were not loaded", header.volumes - 1
                )
            )
        return Image.from_grid(
            array,
            grid,
            modality=note.modality,
            metadata=dict(note.metadata),
            provenance=Provenance(
                source.path, self.name, slice_sources(header, data.name, grid, index), tuple(decisions)
            ),
        )

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the volumes of a file."""
        header = open_header(source.files[0])
        data = voxels_of(header)
        check_size(stored_volume(header, data, is_gzip(data)))
        # A shear is something to tell, not to stop at.
        grid, decisions = grid_of(header, irregular="ignore")
        note = read_note(header, grid)
        sheared = [one for one in decisions if one.kind == "rounded" and one.warning is not None]
        irregular = (("irregular", "ignore"),) if sheared else ()
        return Description(
            tuple(
                VolumeInfo(
                    self.name,
                    note.modality,
                    note.metadata.get("series_description", ""),
                    shape=grid.shape,
                    spacing=note.grid.spacing,
                    orientation=grid.orientation,
                    dataset_index=index,
                    options=((("dataset_index", index),) if index else ()) + irregular,
                    findings=tuple(("sheared", one.value or 0.0) for one in sheared),
                    notes=tuple(decision.text for decision in decisions),
                    is_default=not index and not sheared,
                )
                for index in range(header.volumes)
            )
        )


def open_header(file: StoredFile) -> NiftiHeader:
    """Read the header of a file, or of the header file of a pair."""
    if file.name.lower().endswith((".img", ".img.gz")):
        file = companion(file.name, ".hdr") or file
    with file.open() as source:
        head = source.read_at(0, LONGEST_HEADER)
    return parse_header(file, inflate_head(head, LONGEST_HEADER) if head.startswith(GZIP_MARK) else head)


def voxels_of(header: NiftiHeader) -> StoredFile:
    """The file that holds the voxels."""
    if not header.is_pair:
        return header.file
    data = companion(header.file.name, ".img")
    if data is None:
        raise MissingPathError(
            "this NIfTI header is one of a pair and its .img file is not beside it",
            path=header.file.name,
            advice="copy the .img file into the same folder",
        )
    return data


def is_gzip(file: StoredFile) -> bool:
    """Whether a file begins as gzip does."""
    with file.open() as source:
        return source.read_at(0, 2) == GZIP_MARK


def slice_sources(header: NiftiHeader, name: str, grid: Grid, index: int) -> tuple[SliceSource, ...]:
    """Where each plane of a volume came from: the file's planes are counted through all volumes."""
    planes = header.shape[2]
    positions = grid.index_to_world([[0, 0, k] for k in range(planes)]).tolist()
    return tuple(
        SliceSource(name, index * planes + k, None, tuple(positions[k]), header.slope, header.intercept)
        for k in range(planes)
    )
