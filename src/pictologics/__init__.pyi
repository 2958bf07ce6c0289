"""The public names, for type checkers and for ``attach_stub``."""

from . import (
    bridges as bridges,
    cohort as cohort,
    filters as filters,
    loaders as loaders,
    preprocessing as preprocessing,
    utilities as utilities,
)
from ._version import __version__ as __version__
from .errors import (
    AmbiguousSeriesError as AmbiguousSeriesError,
    ContentWarning as ContentWarning,
    CorruptFileError as CorruptFileError,
    FileAccessError as FileAccessError,
    GeometryError as GeometryError,
    GeometryWarning as GeometryWarning,
    MissingPathError as MissingPathError,
    OptionError as OptionError,
    PictologicsError as PictologicsError,
    UnsupportedFormatError as UnsupportedFormatError,
)
from .filters import (
    gabor_filter as gabor_filter,
    gaussian_filter as gaussian_filter,
    gradient_magnitude as gradient_magnitude,
    laplacian_of_gaussian as laplacian_of_gaussian,
    laws_filter as laws_filter,
    mean_filter as mean_filter,
    median_filter as median_filter,
    riesz_filter as riesz_filter,
    simoncelli_filter as simoncelli_filter,
    wavelet_filter as wavelet_filter,
)
from .geometry import (
    Grid as Grid,
)
from .image import (
    Image as Image,
    create_full_mask as create_full_mask,
)
from .loader import (
    explain as explain,
    load_and_merge_images as load_and_merge_images,
    load_image as load_image,
)
from .loaders import (
    get_segment_info as get_segment_info,
    load_mask as load_mask,
    load_rtstruct as load_rtstruct,
    load_seg as load_seg,
    load_series as load_series,
)
from .measuring import (
    Measurement as Measurement,
    Measurements as Measurements,
    measure as measure,
)
from .preprocessing import (
    Pipeline as Pipeline,
    PipelineRecord as PipelineRecord,
    PipelineResult as PipelineResult,
    SentinelEvidence as SentinelEvidence,
    clip_intensities as clip_intensities,
    create_source_mask_from_sentinel as create_source_mask_from_sentinel,
    crop_to_mask as crop_to_mask,
    detect_sentinel_value as detect_sentinel_value,
    discretise_image as discretise_image,
    discretize_image as discretize_image,
    filter_outliers as filter_outliers,
    find_sentinel as find_sentinel,
    grow_mask as grow_mask,
    keep_largest_component as keep_largest_component,
    mark_sentinel as mark_sentinel,
    normalise_image as normalise_image,
    normalize_image as normalize_image,
    resample_image as resample_image,
    resample_to as resample_to,
    resegment_mask as resegment_mask,
    round_intensities as round_intensities,
)
from .saving import (
    AnonymizedFiles as AnonymizedFiles,
    SavedSeries as SavedSeries,
    save_anonymized as save_anonymized,
    save_dicom as save_dicom,
    save_image as save_image,
    save_rtstruct as save_rtstruct,
    save_seg as save_seg,
    save_series as save_series,
)
from .series import (
    ImageSeries as ImageSeries,
    SeriesAxis as SeriesAxis,
)
from .storage.expansion import (
    get_max_expansion as get_max_expansion,
    set_max_expansion as set_max_expansion,
)
from .threads import (
    set_num_threads as set_num_threads,
)
from .utilities import (
    DicomPhaseInfo as DicomPhaseInfo,
    get_dicom_phases as get_dicom_phases,
    save_planes as save_planes,
    save_slices as save_slices,
    visualize_mask_overlay as visualize_mask_overlay,
    visualize_slices as visualize_slices,
)
