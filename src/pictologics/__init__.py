"""Load any medical image or mask into one Image, right in the world.

Public names are imported when they are first used, so that ``import pictologics`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._version import __version__
from .lazy_imports import lazy_names

if TYPE_CHECKING:
    from . import filters as filters
    from . import loaders as loaders
    from . import preprocessing as preprocessing
    from . import utilities as utilities
    from .errors import (
        AmbiguousSeriesError,
        ContentWarning,
        CorruptFileError,
        FileAccessError,
        GeometryError,
        GeometryWarning,
        MissingPathError,
        OptionError,
        PictologicsError,
        UnsupportedFormatError,
    )
    from .filters import (
        gabor_filter,
        gaussian_filter,
        gradient_magnitude,
        laplacian_of_gaussian,
        laws_filter,
        mean_filter,
        median_filter,
        riesz_filter,
        simoncelli_filter,
        wavelet_filter,
    )
    from .geometry import Grid
    from .image import Image, create_full_mask
    from .loader import explain, load_and_merge_images, load_image
    from .loaders import get_segment_info, load_rtstruct, load_seg
    from .preprocessing import (
        Pipeline,
        PipelineRecord,
        PipelineResult,
        SentinelEvidence,
        clip_intensities,
        create_source_mask_from_sentinel,
        crop_to_mask,
        detect_sentinel_value,
        discretize_image,
        filter_outliers,
        find_sentinel,
        grow_mask,
        keep_largest_component,
        mark_sentinel,
        normalize_image,
        resample_image,
        resample_to,
        resegment_mask,
        round_intensities,
    )
    from .saving import save_image, save_seg
    from .threads import set_num_threads
    from .utilities import (
        DicomPhaseInfo,
        get_dicom_phases,
        save_planes,
        save_slices,
        visualize_mask_overlay,
        visualize_slices,
    )

_HOME = {
    "AmbiguousSeriesError": "errors",
    "ContentWarning": "errors",
    "CorruptFileError": "errors",
    "DicomPhaseInfo": "utilities",
    "FileAccessError": "errors",
    "GeometryError": "errors",
    "GeometryWarning": "errors",
    "Grid": "geometry",
    "Image": "image",
    "MissingPathError": "errors",
    "OptionError": "errors",
    "PictologicsError": "errors",
    "Pipeline": "preprocessing",
    "PipelineRecord": "preprocessing",
    "PipelineResult": "preprocessing",
    "SentinelEvidence": "preprocessing",
    "UnsupportedFormatError": "errors",
    "clip_intensities": "preprocessing",
    "create_full_mask": "image",
    "create_source_mask_from_sentinel": "preprocessing",
    "crop_to_mask": "preprocessing",
    "detect_sentinel_value": "preprocessing",
    "discretize_image": "preprocessing",
    "explain": "loader",
    "filter_outliers": "preprocessing",
    "find_sentinel": "preprocessing",
    "gabor_filter": "filters",
    "gaussian_filter": "filters",
    "get_dicom_phases": "utilities",
    "get_segment_info": "loaders",
    "gradient_magnitude": "filters",
    "grow_mask": "preprocessing",
    "keep_largest_component": "preprocessing",
    "laplacian_of_gaussian": "filters",
    "laws_filter": "filters",
    "load_and_merge_images": "loader",
    "load_image": "loader",
    "load_rtstruct": "loaders",
    "load_seg": "loaders",
    "mark_sentinel": "preprocessing",
    "mean_filter": "filters",
    "median_filter": "filters",
    "normalize_image": "preprocessing",
    "resample_image": "preprocessing",
    "resample_to": "preprocessing",
    "resegment_mask": "preprocessing",
    "riesz_filter": "filters",
    "round_intensities": "preprocessing",
    "save_image": "saving",
    "save_planes": "utilities",
    "save_seg": "saving",
    "save_slices": "utilities",
    "set_num_threads": "threads",
    "simoncelli_filter": "filters",
    "visualize_mask_overlay": "utilities",
    "visualize_slices": "utilities",
    "wavelet_filter": "filters",
}

__all__ = [
    "AmbiguousSeriesError",
    "ContentWarning",
    "CorruptFileError",
    "DicomPhaseInfo",
    "FileAccessError",
    "GeometryError",
    "GeometryWarning",
    "Grid",
    "Image",
    "MissingPathError",
    "OptionError",
    "PictologicsError",
    "Pipeline",
    "PipelineRecord",
    "PipelineResult",
    "SentinelEvidence",
    "UnsupportedFormatError",
    "__version__",
    "clip_intensities",
    "create_full_mask",
    "create_source_mask_from_sentinel",
    "crop_to_mask",
    "detect_sentinel_value",
    "discretize_image",
    "explain",
    "filter_outliers",
    "find_sentinel",
    "gabor_filter",
    "gaussian_filter",
    "get_dicom_phases",
    "get_segment_info",
    "gradient_magnitude",
    "grow_mask",
    "keep_largest_component",
    "laplacian_of_gaussian",
    "laws_filter",
    "load_and_merge_images",
    "load_image",
    "load_rtstruct",
    "load_seg",
    "mark_sentinel",
    "mean_filter",
    "median_filter",
    "normalize_image",
    "resample_image",
    "resample_to",
    "resegment_mask",
    "riesz_filter",
    "round_intensities",
    "save_image",
    "save_planes",
    "save_seg",
    "save_slices",
    "set_num_threads",
    "simoncelli_filter",
    "visualize_mask_overlay",
    "visualize_slices",
    "wavelet_filter",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME, ("filters", "loaders", "preprocessing", "utilities"))
