"""The bridges, for type checkers and for ``attach_stub``."""

from . import (
    nibabel as nibabel,
    sitk as sitk,
)
