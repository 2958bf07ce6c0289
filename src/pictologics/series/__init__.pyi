"""The public names, for type checkers and for ``attach_stub``."""

from .axes import (
    SeriesAxis as SeriesAxis,
)
from .image_series import (
    ImageSeries as ImageSeries,
)
