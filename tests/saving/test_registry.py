"""The registry of writers: a file's name chooses one, and each keeps what the protocol says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pictologics import Image, OptionError, load_image, save_image
from pictologics.saving.registry import WRITERS, find_writer


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scan.nii", "NIfTI"), ("SCAN.NII.GZ", "NIfTI"), ("a.b.nrrd", "NRRD"), ("scan.nhdr", "NRRD"),
        ("labels.seg.nrrd", "3D Slicer segmentation"), ("scan.mha", "MetaImage"), ("scan.MHD", "MetaImage"),
    ],
)  # fmt: skip
def test_the_longest_suffix_chooses_the_writer(name, expected):
    assert find_writer(Path(name)).name == expected


@pytest.mark.parametrize("name", ["scan", "scan.gz", "scan.dcm", "nii", "scan.nii.zip"])
def test_other_names_are_refused_with_the_suffixes_that_are_not(name):
    with pytest.raises(OptionError, match=r"unsupported file suffix; formats are \.mha, .*\.seg\.nrrd"):
        find_writer(Path(name))


def test_no_suffix_has_two_writers():
    suffixes = [suffix for writer in WRITERS for suffix in writer.suffixes]
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_every_type_that_a_writer_names_comes_back(writer, tmp_path):
    for dtype in writer.types:
        array = np.asfortranarray(np.arange(24).reshape(2, 3, 4) % 2, dtype=dtype)
        for suffix in writer.suffixes:
            path = tmp_path / f"image{suffix}"
            save_image(Image(array, (1.0, 1.5, 2.0), (0.0, 0.0, 0.0)), path)
            assert np.array_equal(load_image(path).array, array)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_other_types_are_refused(writer, tmp_path):
    image = Image(np.zeros((2, 3, 4), np.complex64), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(OptionError, match="complex64"):
        save_image(image, tmp_path / f"image{writer.suffixes[0]}")
    assert not list(tmp_path.iterdir())
