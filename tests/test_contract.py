"""What never changes: where the public functions are, and how they are called."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import pictologics
from pictologics import (
    filters,
    loader,
    loaders,
    preprocessing,
    utilities,
)
from pictologics.loaders import seg_loader

REQUIRED = inspect.Parameter.empty

SIGNATURES = {
    loader.load_image: {
        "path": REQUIRED,
        "dataset_index": 0,
        "recursive": False,
        "reference_image": None,
        "transpose_axes": None,
        "fill_value": 0.0,
        "apply_rescale": True,
    },
    loader.load_and_merge_images: {
        "image_paths": REQUIRED,
        "reference_image": None,
        "conflict_resolution": "max",
        "dataset_index": 0,
        "recursive": False,
        "binarize": None,
        "reposition_to_reference": False,
        "transpose_axes": None,
        "fill_value": 0.0,
        "relabel_masks": False,
        "apply_rescale": True,
    },
    loaders.load_seg: {
        "path": REQUIRED,
        "segment_numbers": None,
        "combine_segments": True,
        "reference_image": None,
    },
    loaders.get_segment_info: {"path": REQUIRED},
    loaders.load_rtstruct: {
        "path": REQUIRED,
        "reference_image": REQUIRED,
        "roi_names": None,
        "combine_rois": True,
    },
    utilities.get_dicom_phases: {"path": REQUIRED, "recursive": False},
    preprocessing.resample_image: {
        "image": REQUIRED,
        "new_spacing": REQUIRED,
        "interpolation": "linear",
        "boundary_mode": "nearest",
        "round_intensities": False,
        "mask_threshold": None,
        "source_mask": None,
    },
    utilities.visualize_mask_overlay: {
        "image": REQUIRED,
        "mask": REQUIRED,
        "alpha": 0.25,
        "colormap": "tab20",
        "axis": 2,
        "initial_slice": None,
    },
}


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__name__)
def test_signatures_are_those_of_the_contract_and_what_is_new_comes_after(function):
    parameters = inspect.signature(function).parameters
    positional = [(one.name, one.default) for one in parameters.values() if one.kind is not one.KEYWORD_ONLY]
    promised = list(SIGNATURES[function].items())
    assert positional[: len(promised)] == promised


def test_create_full_mask_keeps_its_type():
    parameters = inspect.signature(loader.create_full_mask).parameters
    assert list(parameters) == ["reference_image", "dtype"]
    assert parameters["dtype"].default is np.uint8


def test_rooms_offer_what_the_package_offers():
    for name in ("Image", "create_full_mask", "load_and_merge_images", "load_image"):
        assert getattr(loader, name) is getattr(pictologics, name)
    for name in ("get_segment_info", "load_seg"):
        assert getattr(seg_loader, name) is getattr(loaders, name) is getattr(pictologics, name)
    for room in (filters, preprocessing, utilities, loaders):
        assert getattr(pictologics, room.__name__.rpartition(".")[2]) is room
        for name in set(room.__all__) & set(pictologics.__all__):
            assert getattr(room, name) is getattr(pictologics, name)


def test_an_image_is_made_from_its_documented_fields():
    names = list(inspect.signature(pictologics.Image).parameters)
    assert names[:6] == ["array", "spacing", "origin", "direction", "modality", "source_mask"]
