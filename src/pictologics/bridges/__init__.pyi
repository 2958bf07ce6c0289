"""The bridges, for type checkers and for ``attach_stub``."""

from . import (
    monai as monai,
    napari as napari,
    nibabel as nibabel,
    niivue as niivue,
    series_xarray as series_xarray,
    sitk as sitk,
    torch as torch,
    torchio as torchio,
    xarray as xarray,
)
