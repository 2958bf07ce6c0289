"""The public names, for type checkers and for ``attach_stub``."""

from ..interpolation.boundaries import (
    Boundary as Boundary,
)
from .gabor import (
    gabor_filter as gabor_filter,
)
from .gradient import (
    gradient_magnitude as gradient_magnitude,
)
from .laplacian import (
    laplacian_of_gaussian as laplacian_of_gaussian,
)
from .laws import (
    laws_filter as laws_filter,
)
from .median import (
    median_filter as median_filter,
)
from .smoothing import (
    gaussian_filter as gaussian_filter,
    mean_filter as mean_filter,
)
from .spectral import (
    riesz_filter as riesz_filter,
    simoncelli_filter as simoncelli_filter,
)
from .wavelets import (
    wavelet_filter as wavelet_filter,
)
