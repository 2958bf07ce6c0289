"""Steps between loading an image and measuring it, by themselves and as a pipeline; each returns new images.

Names are imported when they are first used: whoever only loads images does not wait for the filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_imports import lazy_names

if TYPE_CHECKING:
    from ..sentinels import (
        SentinelEvidence,
        create_source_mask_from_sentinel,
        detect_sentinel_value,
        find_sentinel,
        mark_sentinel,
    )
    from .growing import grow_mask
    from .intensity import (
        clip_intensities,
        discretize_image,
        normalize_image,
        round_intensities,
    )
    from .masks import (
        crop_to_mask,
        filter_outliers,
        keep_largest_component,
        resegment_mask,
    )
    from .pipeline import (
        Pipeline,
        PipelineRecord,
        PipelineResult,
        Step,
        StepRecord,
    )
    from .resampling import resample_image, resample_to

_HOME = {
    "Pipeline": "pipeline",
    "PipelineRecord": "pipeline",
    "PipelineResult": "pipeline",
    "SentinelEvidence": ".sentinels",
    "Step": "pipeline",
    "StepRecord": "pipeline",
    "clip_intensities": "intensity",
    "create_source_mask_from_sentinel": ".sentinels",
    "crop_to_mask": "masks",
    "detect_sentinel_value": ".sentinels",
    "discretize_image": "intensity",
    "filter_outliers": "masks",
    "find_sentinel": ".sentinels",
    "grow_mask": "growing",
    "keep_largest_component": "masks",
    "mark_sentinel": ".sentinels",
    "normalize_image": "intensity",
    "resample_image": "resampling",
    "resample_to": "resampling",
    "resegment_mask": "masks",
    "round_intensities": "intensity",
}

__all__ = [
    "Pipeline",
    "PipelineRecord",
    "PipelineResult",
    "SentinelEvidence",
    "Step",
    "StepRecord",
    "clip_intensities",
    "create_source_mask_from_sentinel",
    "crop_to_mask",
    "detect_sentinel_value",
    "discretize_image",
    "filter_outliers",
    "find_sentinel",
    "grow_mask",
    "keep_largest_component",
    "mark_sentinel",
    "normalize_image",
    "resample_image",
    "resample_to",
    "resegment_mask",
    "round_intensities",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
