"""The front door: one call turns a file, a folder or a list of files into one Image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy.typing as npt

from .checks import check_choice
from .dicom.series.phase_info import DicomPhaseInfo
from .dicom.studies.pseudonyms import Pseudonyms, find_key
from .geometry import ImageRegion
from .image import Image, create_full_mask
from .interpolation import Interpolation
from .loaders.describing import explain_source
from .loaders.explanation import Explanation
from .loaders.keywords import (
    accept_former_spelling,
    check_read_options,
    check_reference,
    warn_of_idle_options,
)
from .loaders.loading_steps import place_on_grid, read_image
from .loaders.merging_files import load_and_merge_images
from .loaders.protocol import (
    MAIN_VOLUME,
    ColorHandling,
    Irregular,
    SourceMaskFrom,
    Suv,
)
from .loaders.region_cutting import cut_region
from .provenance import give_warnings
from .storage.files import PathLike

__all__ = ["Explanation", "Image", "create_full_mask", "explain", "load_and_merge_images", "load_image"]


@accept_former_spelling("colour", "color")
def load_image(
    path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO,
    dataset_index: int = MAIN_VOLUME,
    recursive: bool = False,
    reference_image: Image | None = None,
    transpose_axes: tuple[int, int, int] | None = None,
    fill_value: float = 0.0,
    apply_rescale: bool = True,
    *,
    series_uid: str | None = None,
    irregular: Irregular = "error",
    dtype: npt.DTypeLike | None = None,
    source_mask_from: SourceMaskFrom | None = None,
    color: ColorHandling = "error",
    suv: Suv | None = None,
    interpolation: Interpolation | None = None,
    allow_outside_files: bool = False,
    region: ImageRegion | None = None,
) -> Image:
    """Load one image or mask, whatever its format.

    The format is recognized from the content; the name only breaks ties. The result stands where it belongs in
    the patient, in LPS millimeters, or the call raises: no volume is ever made up. A warning says what had to be
    assumed or was left out, and the image's ``provenance`` keeps it.

    Args:
        path: A NIfTI file (``.nii``, ``.nii.gz``, or either file of an ``.hdr``/``.img`` pair), a NRRD (``.nrrd``,
            ``.nhdr``, ``.seg.nrrd``) or MetaImage file (``.mha``, ``.mhd``), the folder of an OME-Zarr, a DICOM file or
            DICOMDIR, a folder, ``.zip``, ``.tar`` or ``.tar.gz`` of DICOM files, a list of the DICOM files of one
            series, a phase as ``pictologics.utilities.get_dicom_phases`` lists it, or a single file's content as bytes
            or an open binary file. Paths may be URLs, such as ``https://`` and ``s3://``, of which only the parts that
            are needed are fetched.
        dataset_index: Which volume of a file or series that holds several (time points, cardiac phases, echoes,
            b-values), from 0. Only that volume's pixels are read.
        recursive: Of a folder, also look into the folders below it.
        reference_image: Put the image onto the voxels of this one, by origin, spacing and direction, whatever its
            shape. Axes in another order or direction, a crop and an offset are fine; with one by a fraction of a voxel,
            voxels go to the nearest ones, and a GeometryWarning gives the shift. What lies outside is cut off, with a
            ContentWarning if it holds anything.
        transpose_axes: Reorder the axes before placing, for files whose axes are in another order than their
            header says; ``(0, 2, 1)`` exchanges y and z. Whether the header's spacing and directions move along, the
            reference tells. Used with ``reference_image`` only.
        fill_value: Value of voxels of the reference that lie outside the image, and of voxels without data where an
            irregular stack is resampled.
        apply_rescale: Apply each DICOM slice's RescaleSlope and RescaleIntercept, or its Modality LUT; False gives
            the stored values, also of a MetaImage file with a slope. NIfTI's scaling is always applied.
        series_uid: SeriesInstanceUID of the series to load from a folder that holds several.
        irregular: What to do with slices that do not form a regular grid (missing or unevenly spaced slices, a tilted
            gantry): ``"error"``; ``"resample"`` to make the regular, rectangular volume, whose voxels without data are
            False in ``source_mask``; ``"ignore"`` to keep the slices at their mean distance, with a warning.
        dtype: Type of the voxels. By default float32 where that holds every stored value exactly (integers of up to
            24 bits, float32) and float64 otherwise. Rescaled values are computed in float64 and rounded once.
        source_mask_from: ``"padding"`` gives the image a ``source_mask`` that is False where a DICOM file's stored
            value is its PixelPaddingValue, or lies between that and its PixelPaddingRangeLimit. ``"sentinel"`` looks
            for one value that fills what lies outside the data, of any format (the rule is that of
            ``pictologics.preprocessing.find_sentinel``), and a number names that value as it is loaded. If there is
            none, a warning says so and no voxel is marked. The values themselves stay as they are.
        color: What to do with DICOM images in color: ``"error"``, or ``"luminance"`` to convert them to gray,
            0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) in the range of the colors (0 to 255 for 8 bits). The former
            spelling ``colour`` is accepted and means the same.
        suv: Give PET as standardized uptake values: by body weight (``"bw"``, g/ml), by lean body mass (``"lbm"``,
            g/ml, after James) or by body surface area (``"bsa"``, cm2/ml, after Du Bois). The rules are those of
            QIBA's vendor-neutral pseudo-code; ``metadata["units"]`` names the result.
        interpolation: How to make voxels of ``reference_image`` where the lattices do not meet: ``"nearest"`` (for
            masks), ``"linear"`` or ``"cubic"``. None, the default, raises instead where spacing or axes differ; files
            of segments are put there by nearest neighbor with a warning, as ``load_seg`` does it. Where they meet, no
            value is changed, whatever this says. ``load_mask`` loads masks of every format so.
        allow_outside_files: Follow a NRRD or MetaImage header that names files of voxels outside its own folder. By
            default that is refused: a header from elsewhere could name any file.
        region: Read a part only: slices in voxels, such as ``numpy.s_[10:50, :, ::2]``, of which the result is that of
            ``load_image(...)[region]``; a box in mm, as its lowest and highest corner in LPS, (2, 3); or a grid, such
            as ``mask.grid``. Of these two every voxel is there that they touch. No more of the files is read and
            decoded than that takes, and of a compressed stream nothing beyond its end. Files of segments, irregular
            stacks that are resampled, images whose sentinel is looked for, and those that are put on a reference, whose
            voxels the region then counts, are read as a whole and cut. Of what reaches beyond the image there is what
            lies within, and a GeometryWarning says so; a region without a voxel of the image is an OptionError.

    Returns:
        An Image whose array has shape (x, y, z), in Fortran order.

    Raises:
        ValueError: In every case below; each error also is of the class named.
        MissingPathError: If there is nothing at the path.
        UnsupportedFormatError: If the content is of a format, or a variety of one, that is not supported.
        CorruptFileError: If a file contradicts itself or ends too early.
        AmbiguousSeriesError: If several series, or several sets of images of one, could be meant.
        GeometryError: If the slices do not form a regular grid, or the lattice does not meet the reference's.
        OptionError: If a parameter cannot be honored, such as a ``dataset_index`` beyond the last volume.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, load_image, save_image
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> scan = Image(np.ones((4, 5, 6), np.float32), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
        >>> save_image(scan, folder / "scan.nii.gz")
        >>> load_image(folder / "scan.nii.gz").origin
        (10.0, 20.0, 30.0)
    """
    if reference_image is None:
        # Where an irregular stack is resampled, there are voxels to fill without a reference.
        fills = irregular == "resample"
        warn_of_idle_options("reference_image", transpose_axes, 0.0 if fills else fill_value, interpolation)
    # Before the voxels are read, so that a reference without a place fails at once.
    target = None if reference_image is None else check_reference(reference_image)
    method = check_choice("interpolation", interpolation, (None, "nearest", "linear", "cubic"))
    options = check_read_options(
        dataset_index=dataset_index,
        recursive=recursive,
        apply_rescale=apply_rescale,
        series_uid=series_uid,
        irregular=irregular,
        dtype=dtype,
        source_mask_from=source_mask_from,
        color=color,
        suv=suv,
        allow_outside_files=allow_outside_files,
        fill_value=fill_value,
        reference=reference_image,
        transpose_axes=None if reference_image is None else transpose_axes,
        region=region,
    )
    # On a reference the region counts the voxels that are there, so that it is cut when all of them are.
    image, source = read_image(path, options if target is None else replace(options, region=None))
    if target is not None:
        image = place_on_grid(image, target, options.fill_value, method, source)
        image = image if options.region is None else cut_region(image, options.region, source)
    give_warnings(source, image.provenance.decisions)
    return image


def explain(
    path: PathLike | Sequence[PathLike] | bytes | BinaryIO,
    recursive: bool = False,
    *,
    allow_outside_files: bool = False,
    studies: bool = False,
) -> Explanation:
    """Say what a file, a folder or a list of files holds, without reading voxels.

    Args:
        path: As for ``load_image``; also a folder of NIfTI, NRRD and MetaImage files, each of which is described.
        recursive: Of a folder, also look into the folders below it. One that holds nothing but folders is always
            answered with what lies in these.
        allow_outside_files: As for ``load_image``.
        studies: Also tell the date and the description of each study, as the files have them, and a pseudonym of study
            and patient: keyed hashes by your own key, as ``pictologics.cohort.index`` makes them.

    Returns:
        Every volume with its shape, spacing and orientation, and the keywords that load it; and every DICOM SEG,
        structure set and dose, with the series that it is of. It prints as text, and ``to_pandas()`` makes a table.

    Raises:
        ValueError: As ``load_image``, if nothing there can be read at all.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, explain, save_image
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "scan.nii"
        >>> save_image(Image(np.ones((4, 5, 6), np.float32), (0.5, 0.5, 2.0), (0.0, 0.0, 0.0)), file)
        >>> explain(file).volumes[0].shape
        (4, 5, 6)
    """
    options = check_read_options(recursive=recursive, allow_outside_files=allow_outside_files)
    return explain_source(path, options, Pseudonyms(find_key(None), keeps_text=True) if studies else None)
