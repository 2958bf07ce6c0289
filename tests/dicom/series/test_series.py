"""What a folder holds: one series is chosen or the choice is explained, and nothing is left out in silence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file

import pictologics
from pictologics import (
    AmbiguousSeriesError,
    ContentWarning,
    CorruptFileError,
    GeometryError,
    OptionError,
    UnsupportedFormatError,
    load_image,
)
from tests.factories.dicom_series import slice_file, uid, write_series
from tests.factories.hostile import broken_link, ends_at_last, fifo
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM, Phantom, counting


def assert_is_the_phantom(image) -> None:
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-6


# --- the happy folder ---


@given(order=st.permutations(range(5)), numbers=st.permutations(range(5)))
@settings(max_examples=15)
def test_neither_names_nor_numbers_order_the_slices(tmp_path_factory, order, numbers):
    folder = tmp_path_factory.mktemp("shuffled")
    write_series(folder, name=lambda k: f"{order[k]}", instance_numbers=numbers)
    assert_is_the_phantom(load_image(folder))


def test_path_may_be_text_a_path_or_a_list(tmp_path):
    files = write_series(tmp_path / "ct")
    for path in (
        tmp_path / "ct",
        str(tmp_path / "ct"),
        str(tmp_path / "ct") + "/",
        files,
        [str(f) for f in files],
        tuple(files),
    ):
        assert_is_the_phantom(load_image(path))


def test_relative_paths(tmp_path, monkeypatch):
    write_series(tmp_path / "ct")
    monkeypatch.chdir(tmp_path)
    assert_is_the_phantom(load_image("ct"))
    assert Path(load_image("ct").provenance.slices[0].file).name == "000.dcm"


def test_single_file_is_one_slice(tmp_path):
    files = write_series(tmp_path / "ct")
    for path in (files[3], str(files[3]), [files[3]]):
        image = load_image(path)
        assert image.spacing[2] == 9.0  # its thickness, and no more than a note: nothing else could be meant
        assert any("thickness of the single slice, 9 mm" in entry.text for entry in image.provenance.decisions)
        np.testing.assert_array_equal(image.array[:, :, 0], PHANTOM.array[:, :, 3])
        np.testing.assert_allclose(image.origin, PHANTOM.position((0, 0, 3)))
        np.testing.assert_allclose(image.spacing[:2], PHANTOM.spacing[:2])
        np.testing.assert_allclose(image.direction, PHANTOM.direction, atol=1e-12)


@pytest.mark.parametrize("between", [2.5, -2.5])
def test_single_file_takes_the_spacing_between_slices_without_its_sign(tmp_path, between):
    def change(ds, k):
        ds.SpacingBetweenSlices = between

    image = load_image(slice_file(tmp_path / "one", 0, PHANTOM, change))
    assert image.spacing == PHANTOM.spacing


def test_facts_about_the_series(tmp_path):
    write_series(tmp_path / "ct")
    image = load_image(tmp_path / "ct")
    assert image.modality == "CT"
    assert image.metadata["series_instance_uid"] == uid("a")
    assert image.metadata["frame_of_reference_uid"] == uid("frame of reference")
    assert image.metadata["series_description"] == "Phantom a"
    assert image.metadata["units"] == "HU"


def test_nothing_tells_who_the_patient_is(tmp_path):
    write_series(tmp_path / "ct")
    image = load_image(tmp_path / "ct")
    told = " ".join((repr(image), image._repr_html_(), str(dict(image.metadata)), image.provenance.to_json()))
    for word in ("Doe", "Jane", "secret-id"):
        assert word not in told


@pytest.mark.parametrize(("attribute", "value"), [("Units", "BQML"), ("RescaleType", "SUV"), ("RescaleType", "US")])
def test_units_are_those_of_the_file(tmp_path, attribute, value):
    def change(ds, k):
        setattr(ds, attribute, value)

    write_series(tmp_path / "pt", PHANTOM, change, modality="PT")
    assert load_image(tmp_path / "pt").metadata.get("units", "") == ("" if value == "US" else value)


def test_stored_values_have_no_units(tmp_path):
    write_series(tmp_path / "ct")
    assert "units" not in load_image(tmp_path / "ct", apply_rescale=False).metadata


# --- junk beside it ---


def test_other_files_do_no_harm_and_are_recorded(tmp_path):
    folder = tmp_path / "ct"
    write_series(folder)
    (folder / "notes.txt").write_text("seen by the physicist\n")
    (folder / "empty").write_bytes(b"")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" * 200)
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1" * 30)
    write_nifti(folder / "converted.nii.gz")
    shutil.copy(get_testdata_file("DICOMDIR", download=False), folder / "DICOMDIR")
    image = load_image(folder)
    assert_is_the_phantom(image)
    assert len(image.provenance.slices) == 5


def test_pipes_and_broken_links_are_passed_over(tmp_path):
    write_series(tmp_path / "ct")
    fifo(tmp_path / "ct" / "pipe.dcm")
    broken_link(tmp_path / "ct" / "link.dcm")
    with ends_at_last():
        assert_is_the_phantom(load_image(tmp_path / "ct"))


def test_links_to_files_are_files(tmp_path):
    files = write_series(tmp_path / "store")
    (tmp_path / "ct").mkdir()
    for k, file in enumerate(files):
        (tmp_path / "ct" / f"link{k}").symlink_to(file)
    assert_is_the_phantom(load_image(tmp_path / "ct"))


def test_a_file_named_as_dicom_that_is_none_is_told(tmp_path):
    write_series(tmp_path / "ct")
    (tmp_path / "ct" / "999.dcm").write_bytes(b"<html>not found</html>" * 20)
    with pytest.warns(ContentWarning, match=r"1 file.*999\.dcm"):
        assert_is_the_phantom(load_image(tmp_path / "ct"))


def test_structure_sets_and_reports_beside_it_are_left_out(tmp_path):
    write_series(tmp_path / "ct")
    for name in ("rtstruct.dcm", "reportsi.dcm"):
        shutil.copy(get_testdata_file(name, download=False), tmp_path / "ct" / name)
    image = load_image(tmp_path / "ct")
    assert_is_the_phantom(image)
    texts = [decision.text for decision in image.provenance.decisions if decision.kind == "left out"]
    assert len(texts) == 2
    assert "1 file of contours (RTSTRUCT)" in texts[0]
    assert "rtstruct.dcm" in texts[0]
    assert "1 file: DICOM of another series or without an image" in texts[1]


def test_folder_without_image_says_what_is_there(tmp_path):
    shutil.copy(get_testdata_file("rtplan.dcm", download=False), tmp_path / "rtplan.dcm")
    with pytest.raises(UnsupportedFormatError, match="hold no image"):
        load_image(tmp_path)


# --- localizers and other layouts ---


def scout(folder: Path, count: int, series: str = "a") -> None:
    """Localizers: another size, another orientation, their image type says so."""
    phantom = Phantom(
        counting((9, 8, count)), (1.0, 1.0, 10.0), (0.0, 0.0, 0.0), np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    )

    def change(ds, k):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        ds.SOPInstanceUID = uid("scout", k)

    write_series(folder, phantom, change, name="scout{}".format, series=series)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_localizers_of_the_series_are_left_out_and_counted(tmp_path, count):
    write_series(tmp_path / "ct")
    scout(tmp_path / "ct", count)
    with pytest.warns(ContentWarning, match=rf"left out {count} of {count + 5}") as caught:
        image = load_image(tmp_path / "ct")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert_is_the_phantom(image)
    assert any(d.kind == "left out" and d.value == count for d in image.provenance.decisions)


def test_what_is_left_out_is_named_by_kind_count_and_size(tmp_path):
    write_series(tmp_path / "ct")
    scout(tmp_path / "ct", 1)
    turned = Phantom(PHANTOM.array[:, :, :2], PHANTOM.spacing, PHANTOM.origin, np.eye(3))
    write_series(tmp_path / "ct", turned, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("x", k)), name="x{}".format)
    said = r"left out 3 of 8 .* the 5 [a-z]+ images of 7x6.*\(2 axial images of 7x6.*1 coronal localizer image of 9x8"
    with pytest.warns(ContentWarning, match=said):
        assert_is_the_phantom(load_image(tmp_path / "ct"))


@pytest.mark.parametrize("columns", [3, 9])
def test_images_without_orientation_of_two_sizes_are_two_layouts(tmp_path, columns):
    """Sizes are compared where neither has an orientation: the larger set counts, whichever is read first."""

    def unplace(ds, k):
        del ds.ImageOrientationPatient, ds.ImagePositionPatient
        ds.SOPInstanceUID = uid("flat", ds.Columns, k)

    one = Phantom(counting((7, 6, 1)), PHANTOM.spacing, PHANTOM.origin, np.eye(3))
    two = Phantom(counting((columns, 6, 1)), PHANTOM.spacing, PHANTOM.origin, np.eye(3))
    write_series(tmp_path / "flat", one, unplace, name="a{}".format)
    write_series(tmp_path / "flat", two, unplace, name="b{}".format)
    with pytest.raises(AmbiguousSeriesError, match="holds sets of images") as caught:
        load_image(tmp_path / "flat")
    assert len(caught.value.values["files"]) == 2


def test_a_localizer_alone_loads(tmp_path):
    scout(tmp_path / "ct", 3)
    assert load_image(tmp_path / "ct").array.shape == (9, 8, 3)


def test_another_orientation_is_left_out_and_counted(tmp_path):
    write_series(tmp_path / "ct")
    turned = Phantom(PHANTOM.array[:, :, :2], PHANTOM.spacing, PHANTOM.origin, np.eye(3))
    write_series(tmp_path / "ct", turned, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("x", k)), name="x{}".format)
    with pytest.warns(ContentWarning, match="left out 2 of 7"):
        assert_is_the_phantom(load_image(tmp_path / "ct"))


def test_two_layouts_of_the_same_size_are_ambiguous(tmp_path):
    write_series(tmp_path / "ct")
    turned = Phantom(PHANTOM.array, PHANTOM.spacing, PHANTOM.origin, np.eye(3))
    files = write_series(
        tmp_path / "ct", turned, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("x", k)), name="x{}".format
    )
    with pytest.raises(AmbiguousSeriesError):
        load_image(tmp_path / "ct")
    np.testing.assert_allclose(load_image(files).direction, np.eye(3))


def test_another_frame_of_reference_is_no_slice_of_the_volume(tmp_path):
    write_series(tmp_path / "ct")
    write_series(
        tmp_path / "ct",
        PHANTOM,
        lambda ds, k: ds.update({"FrameOfReferenceUID": uid("other"), "SOPInstanceUID": uid("y", k)}),
        slices=[1, 2],
        name="y{}".format,
    )
    with pytest.warns(ContentWarning, match="left out 2 of 7"):
        assert_is_the_phantom(load_image(tmp_path / "ct"))


# --- several series ---


@pytest.fixture
def two_series(tmp_path):
    write_series(tmp_path / "both", name="a{}".format)
    other = PHANTOM.with_array(PHANTOM.array[:, :, :3] + 500)
    write_series(tmp_path / "both", other, series="b", modality="MR", name="b{}".format)
    return tmp_path / "both"


def test_several_series_are_tabled_with_the_way_out(two_series):
    with pytest.raises(AmbiguousSeriesError, match="series_uid=") as caught:
        load_image(two_series)
    text = str(caught.value)
    for series, modality, count in (("a", "CT", 5), ("b", "MR", 3)):
        row = next(line for line in text.splitlines() if uid(series) in line)
        for part in (str(sum(series.encode()) % 1000), modality, f"{count} files", f"Phantom {series}"):
            assert part in row
    assert set(caught.value.values["series"]) == {uid("a"), uid("b")}
    assert "Doe" not in text


def test_series_uid_chooses(two_series):
    assert_is_the_phantom(load_image(two_series, series_uid=uid("a")))
    image = load_image(two_series, series_uid=uid("b"))
    assert image.array.shape == (7, 6, 3)
    assert image.modality == "MR"


def test_unknown_series_uid_lists_those_that_are_there(two_series):
    with pytest.raises(OptionError) as caught:
        load_image(two_series, series_uid="1.2.3")
    assert uid("a") in str(caught.value)
    assert uid("b") in str(caught.value)
    write_series(two_series.parent / "one")
    with pytest.raises(OptionError, match=uid("a").replace(".", r"\.")):
        load_image(two_series.parent / "one", series_uid="1.2.3")


def test_explain_lists_every_series_with_its_keyword(two_series):
    volumes = pictologics.explain(two_series).volumes
    assert {(v.series_uid, v.modality, v.shape, v.files) for v in volumes} == {
        (uid("a"), "CT", (7, 6, 5), 5),
        (uid("b"), "MR", (7, 6, 3), 3),
    }
    for volume in volumes:
        assert load_image(two_series, **dict(volume.options)).array.shape == volume.shape


def test_a_list_of_files_of_two_series_is_ambiguous(two_series):
    with pytest.raises(AmbiguousSeriesError):
        load_image(sorted(two_series.iterdir()))
    with pytest.raises(AmbiguousSeriesError):
        load_image([two_series / "a0", two_series / "b0"])


# --- duplicates and phases ---


def test_copies_of_a_slice_are_one_slice_and_told(tmp_path):
    files = write_series(tmp_path / "ct")
    shutil.copy(files[1], tmp_path / "ct" / "copy of 1.dcm")
    shutil.copy(files[4], tmp_path / "ct" / "copy of 4.dcm")
    with pytest.warns(ContentWarning, match="left out 2 images"):
        image = load_image(tmp_path / "ct")
    assert_is_the_phantom(image)


def test_a_copy_with_other_pixels_is_never_stacked(tmp_path):
    """The same UID twice is one slice; that the values differ must not pass unseen."""
    files = write_series(tmp_path / "ct")
    ds = dcmread(files[1])
    ds.PixelData = bytes(len(ds.PixelData))
    ds.save_as(tmp_path / "ct" / "copy.dcm")
    try:
        with pytest.warns(ContentWarning):
            image = load_image(tmp_path / "ct")
    except ValueError:
        return
    assert image.array.shape == PHANTOM.shape


def test_a_copy_with_pixels_of_another_length_is_refused(tmp_path):
    files = write_series(tmp_path / "ct")
    ds = dcmread(files[1])
    ds.PixelData = ds.PixelData + bytes(len(ds.PixelData))
    ds.save_as(tmp_path / "ct" / "copy.dcm")
    with pytest.raises(CorruptFileError, match=r"SOP Instance UID of '.*' and pixels of another size") as caught:
        load_image(tmp_path / "ct")
    assert {caught.value.path, caught.value.found.split("'")[1]} == {str(files[1]), str(tmp_path / "ct" / "copy.dcm")}


def test_two_images_at_each_position_are_phases_never_slices(tmp_path):
    write_series(tmp_path / "ct")
    write_series(tmp_path / "ct", PHANTOM, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("p2", k)), name="p{}".format)
    for index in (0, 1):
        with pytest.warns(ContentWarning, match="only the order of the images"):
            assert_is_the_phantom(load_image(tmp_path / "ct", dataset_index=index))
    with pytest.raises(OptionError, match="holds 2 volumes"):
        load_image(tmp_path / "ct", dataset_index=2)


def test_one_position_twice_is_never_stacked(tmp_path):
    write_series(tmp_path / "ct")
    other = PHANTOM.with_array(PHANTOM.array + 1)
    slice_file(tmp_path / "ct" / "again", 2, other, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("again")))
    with pytest.warns(ContentWarning, match="1 more image at the same positions"):
        assert_is_the_phantom(load_image(tmp_path / "ct"))
    with pytest.warns(UserWarning, match="4 fewer than the fullest|1 mm was assumed"):
        assert load_image(tmp_path / "ct", dataset_index=1).array.shape[2] == 1


def test_dataset_index_beyond_the_last_volume(tmp_path):
    write_series(tmp_path / "ct")
    with pytest.raises(OptionError, match="holds 1 volume"):
        load_image(tmp_path / "ct", dataset_index=1)


def test_a_series_without_uid_loads(tmp_path):
    def change(ds, k):
        del ds.SeriesInstanceUID

    write_series(tmp_path / "ct", PHANTOM, change)
    assert_is_the_phantom(load_image(tmp_path / "ct"))


def test_one_sop_instance_uid_for_all_slices_keeps_them_all(tmp_path):
    """Some anonymizers do this."""
    write_series(tmp_path / "ct", PHANTOM, lambda ds, k: setattr(ds, "SOPInstanceUID", uid("same")))
    assert_is_the_phantom(load_image(tmp_path / "ct"))


# --- folders in folders ---


def test_recursive_looks_below(tmp_path):
    write_series(tmp_path / "patient" / "study" / "ct")
    assert_is_the_phantom(load_image(tmp_path / "patient", recursive=True))
    with pytest.raises(UnsupportedFormatError, match="recursive=True"):
        load_image(tmp_path / "patient")


def test_recursive_gathers_one_series_from_several_folders(tmp_path):
    write_series(tmp_path / "p" / "disk1", slices=[0, 1, 4])
    write_series(tmp_path / "p" / "disk2", slices=[2, 3])
    assert_is_the_phantom(load_image(tmp_path / "p", recursive=True))


def test_recursive_does_not_run_in_circles(tmp_path):
    write_series(tmp_path / "p" / "ct")
    (tmp_path / "p" / "ct" / "up").symlink_to(tmp_path / "p")
    with ends_at_last():
        assert_is_the_phantom(load_image(tmp_path / "p", recursive=True))


def test_without_recursive_folders_below_do_not_count(tmp_path):
    write_series(tmp_path / "p")
    write_series(tmp_path / "p" / "other", series="b")
    assert_is_the_phantom(load_image(tmp_path / "p"))
    with pytest.raises(AmbiguousSeriesError):
        load_image(tmp_path / "p", recursive=True)


# --- other kinds of DICOM ---


@pytest.mark.parametrize(
    "name",
    ["rtplan.dcm", "reportsi.dcm", "SC_rgb_gdcm_KY.dcm", "examples_palette.dcm", "waveform_ecg.dcm"],
)
def test_what_is_no_gray_image_is_refused_in_words(name):
    path = get_testdata_file(name, download=False)
    with pytest.raises(UnsupportedFormatError) as caught:
        load_image(path)
    assert name in str(caught.value)


def test_a_list_must_hold_dicom_files_of_images(tmp_path):
    files = write_series(tmp_path / "ct")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(UnsupportedFormatError, match=r"notes\.txt"):
        load_image([*files, tmp_path / "notes.txt"])
    with pytest.raises(ValueError, match="gone"):
        load_image([*files, tmp_path / "gone"])
    with pytest.raises(OptionError, match="empty"):
        load_image([])
    with pytest.raises(OptionError, match="folder"):
        load_image([tmp_path / "ct", files[0]])


def test_a_series_of_localizers_is_left_out_unless_it_is_asked_for(tmp_path):
    """What is loaded is not said to be left out."""
    write_series(tmp_path / "all" / "ct", series="a")
    scout = PHANTOM.with_array(PHANTOM.array[:, :, :1])
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    write_series(tmp_path / "all" / "scout", scout, lambda ds, _: setattr(ds, "ImageType", kind), series="b")
    with pytest.warns(ContentWarning, match="left out 1 localizer image"):
        assert_is_the_phantom(load_image(tmp_path / "all", recursive=True))
    image = load_image(tmp_path / "all", recursive=True, series_uid=uid("b"))
    assert image.array.shape[2] == 1


@pytest.mark.parametrize("at", [0, 2])
def test_a_slice_whose_header_lies_about_its_rows_is_named(tmp_path, at):
    """In the middle it leaves a hole, and the error says where the slice went; at an end, a warning does."""

    def lie(ds, k):
        ds.Rows -= k == at

    files = write_series(tmp_path, PHANTOM, lie)
    if at:
        with pytest.raises(GeometryError, match=rf"missing.*left out 1 of 5 images.*{files[at].name}"):
            load_image(tmp_path)
    else:
        with pytest.warns(ContentWarning, match=rf"left out 1 of 5 images.*{files[at].name}"):
            assert load_image(tmp_path).array.shape == (*PHANTOM.shape[:2], PHANTOM.shape[2] - 1)
