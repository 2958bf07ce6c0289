"""The public names, for type checkers and for ``attach_stub``."""

from ..sentinels import (
    SentinelEvidence as SentinelEvidence,
    create_source_mask_from_sentinel as create_source_mask_from_sentinel,
    detect_sentinel_value as detect_sentinel_value,
    find_sentinel as find_sentinel,
    mark_sentinel as mark_sentinel,
)
from .growing import (
    grow_mask as grow_mask,
)
from .intensity import (
    clip_intensities as clip_intensities,
    discretise_image as discretise_image,
    discretize_image as discretize_image,
    normalise_image as normalise_image,
    normalize_image as normalize_image,
    round_intensities as round_intensities,
)
from .masks import (
    crop_to_mask as crop_to_mask,
    filter_outliers as filter_outliers,
    keep_largest_component as keep_largest_component,
    resegment_mask as resegment_mask,
)
from .pipeline import (
    Pipeline as Pipeline,
    PipelineRecord as PipelineRecord,
    PipelineResult as PipelineResult,
    Step as Step,
    StepRecord as StepRecord,
)
from .resampling import (
    resample_image as resample_image,
    resample_to as resample_to,
)
