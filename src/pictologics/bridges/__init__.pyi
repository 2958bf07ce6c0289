"""The bridges, for type checkers and for ``attach_stub``."""

from . import (
    monai as monai,
    nibabel as nibabel,
    sitk as sitk,
    torch as torch,
    torchio as torchio,
)
