from __future__ import annotations

import pickle

import numpy as np
import pytest

from pictologics import load_image
from pictologics.cohort.layouts.flat import FlatLayout
from pictologics.cohort.running.run_folder import RunFolder
from pictologics.errors import OptionError

from .cases import make_case, make_image, make_mask


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_what_is_written_is_what_is_loaded(tmp_path, suffix):
    layout = pickle.loads(pickle.dumps(FlatLayout(suffix)))
    image, mask = make_image(), make_mask({1: "liver", 3: "left kidney"})
    case = make_case("a")
    files = layout.write_case(RunFolder(str(tmp_path)), case, {"ct": image}, {"seg": mask})
    assert [(file.path, file.role) for file in files] == [(file.path, file.role) for file in layout.plan(case).files]
    assert files[1].labels == {1: "liver", 3: "left kidney"}
    assert load_image(tmp_path / f"a/ct{suffix}").equals(image)
    assert load_image(tmp_path / f"a/seg{suffix}").equals(mask)


def test_each_label_may_have_a_file_of_its_own(tmp_path):
    layout = FlatLayout(mask_template="{case_id}/{name}_{segment}{suffix}")
    case, mask = make_case("a"), make_mask({1: "liver", 3: "kidney/left"})
    assert layout.plan(case).files[1].path == "a/seg_{segment}.nii.gz"
    files = layout.write_case(RunFolder(str(tmp_path)), case, {}, {"seg": mask})
    assert [file.path for file in files] == ["a/seg_liver.nii.gz", "a/seg_kidney_left.nii.gz"]
    left = load_image(tmp_path / "a/seg_kidney_left.nii.gz")
    assert np.array_equal(left.array, mask.array == 3)
    assert dict(left.labels) == {1: "kidney/left"}


def test_values_without_a_name_are_called_after_their_number(tmp_path):
    layout = FlatLayout(mask_template="{segment}{suffix}")
    mask = make_mask({2: "liver"})
    mask.labels = {}
    files = layout.write_case(RunFolder(str(tmp_path)), make_case(), {}, {"seg": mask})
    assert [file.path for file in files] == ["label_2.nii.gz"]


def test_two_labels_of_one_name_are_refused_where_each_gets_a_file(tmp_path):
    layout = FlatLayout(mask_template="{segment}{suffix}")
    for one, other in (("Liver", "liver"), ("\u00c5", "\u212b")):
        masks = {"seg": make_mask({1: one, 2: other})}
        with pytest.raises(OptionError, match=f"the label {one!r} of the mask seg and the label {other!r} of the mask"):
            layout.write_case(RunFolder(str(tmp_path)), make_case(), {}, masks)
    assert not list(tmp_path.iterdir())


def test_a_label_that_is_called_as_an_image_takes_the_place_of_none(tmp_path):
    layout = FlatLayout(mask_template="{case_id}/{segment}{suffix}")
    with pytest.raises(OptionError, match=r"the image ct and the label 'CT' of the mask seg would both be .*/CT\.nii"):
        layout.write_case(RunFolder(str(tmp_path)), make_case(), {"ct": make_image()}, {"seg": make_mask({1: "CT"})})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("letter", ["a", "\u809d", "\U00020089"])
def test_a_long_name_is_cut_to_what_a_file_may_be_called(tmp_path, letter):
    layout = FlatLayout(mask_template="{name}_{segment}{suffix}")
    (file,) = layout.write_case(RunFolder(str(tmp_path)), make_case(), {}, {"seg": make_mask({1: letter * 300})})
    assert dict(load_image(tmp_path / file.path).labels) == {1: letter * 300}


def test_an_image_that_was_not_planned_is_refused(tmp_path):
    with pytest.raises(OptionError, match="no image of the name that is to be written; its names are ct"):
        FlatLayout().write_case(RunFolder(str(tmp_path)), make_case(), {"pet": make_image()}, {})
