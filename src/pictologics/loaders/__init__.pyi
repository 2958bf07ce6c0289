"""The public names, for type checkers and for ``attach_stub``."""

from .masks import (
    load_mask as load_mask,
)
from .rtstruct_loader import (
    load_rtstruct as load_rtstruct,
)
from .seg_loader import (
    get_segment_info as get_segment_info,
    load_seg as load_seg,
)
from .series_loader import (
    load_series as load_series,
)
