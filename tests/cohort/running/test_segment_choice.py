"""Which segments of its masks a case keeps, by their names."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import Image, OptionError, load_image, save_image
from pictologics.cohort import Case, run
from pictologics.cohort.running.case_work import work_on_case
from pictologics.cohort.running.manifest import ManifestRow
from pictologics.cohort.running.rules import hash_parameters
from pictologics.cohort.running.segment_choice import make_segment_choice
from pictologics.loaders import load_rtstruct
from tests.factories.run_cases import make_cases, make_run_rules
from tests.factories.structure_sets import RoiTruth, circle, on_plane, write


def work(case, out, **options) -> ManifestRow:
    return work_on_case(case, "hash", make_run_rules(out, **options)).row


@pytest.fixture
def covered(tmp_path) -> Case:
    """A tumor, and an outline of the body with a higher number around it."""
    image = make_cases(tmp_path / "in", 1, masks=False, shape=(30, 20, 5))[0].images["ct"].files
    grid = load_image(image[0]).grid
    rois = [
        RoiTruth(" GTV", [on_plane(grid, circle((10, 10), 3.1), 2)]),
        RoiTruth("Body", [on_plane(grid, circle((12, 10), 8), 2)]),
    ]
    structures = write(tmp_path, *rois)
    return Case.from_files("a", {"ct": image}, {"rs": structures})


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({"segments": ["gtv"]}, {1: "GTV"}),
        ({"segments": [" g?V*", "liver"]}, {1: "GTV"}),
        ({"without": ["BODY"]}, {1: "GTV"}),
        ({"segments": ["*"], "without": ["g*"]}, {2: "Body"}),
    ],
)
def test_segments_that_are_not_asked_for_are_not_drawn(covered, tmp_path, options, labels):
    row = work(
        covered, tmp_path / "out", segments=make_segment_choice(**{"segments": None, "without": None, **options})
    )
    assert (row.status, row.labels, row.warnings) == ("done", labels, ())
    alone = load_rtstruct(covered.masks[0].files[0], load_image(covered.images["ct"].files[0]), list(labels))
    assert np.array_equal(load_image(tmp_path / "out/a/mask.nii.gz").array, alone.array)
    assert any("segments that are not asked for" in text for text in row.decisions)


def test_a_case_without_the_segments_has_no_mask_or_fails_where_one_is_needed(covered, tmp_path):
    wanted = make_segment_choice(["liver"], None)
    row = work(covered, tmp_path / "out", segments=wanted)
    assert (row.status, [file.role for file in row.outputs]) == ("done", ["image"])
    (warning,) = row.warnings
    assert warning.kind == "ContentWarning"
    assert "no segment that is asked for" in warning.text
    assert warning.text.endswith("GTV, Body")
    row = work(covered, tmp_path / "nnunet", segments=wanted, layout="nnunet")
    assert (row.status, row.error_class) == ("failed", "OptionError")
    assert "none with a segment that is asked for" in row.error_text


def test_segments_of_files_without_parts_are_left_out_by_name(tmp_path):
    case = make_cases(tmp_path / "in", 1)[0]
    array = np.zeros((8, 7, 6), np.uint8)
    array[0], array[1], array[2] = 1, 4, 9
    grid = load_image(case.images["ct"].files[0]).grid
    save_image(Image.from_grid(array, grid, labels={1: "GTV [1]", 4: "body", 9: "liver"}), tmp_path / "m.nii.gz")
    case = Case.from_files(
        "a", {"ct": case.images["ct"].files}, {"m": tmp_path / "m.nii.gz", "own": case.masks[0].files}
    )
    row = work(case, tmp_path / "out", segments=make_segment_choice(["gtv [1]", "LIVER"], None))
    assert row.labels == {1: "GTV [1]", 9: "liver"}
    assert load_image(tmp_path / "out/a/mask.nii.gz").array[:, 3, 3].tolist() == [1, 0, 9, 0, 0, 0, 0, 0]
    # A mask in a file without names is called as the case calls it.
    assert work(case, tmp_path / "own", segments=make_segment_choice(["own"], None)).labels == {1: "own"}


def test_brackets_in_a_name_are_no_set_of_letters():
    choice = make_segment_choice(["[PTV]*", "gtv [1-3]"], None)
    names = ["[ptv] 60", "GTV [1-3]", "tumor", "vessel", "gtv 2"]
    assert [choice.keeps(name) for name in names] == [True, True, False, False, False]


def test_labels_that_the_layout_does_not_number_cover_nothing(covered, tmp_path, client):
    result = run(
        None, [covered], tmp_path / "out", layout="nnunet", layout_options={"labels": {"gtv": 1}}, client=client
    )
    assert (result.counts, result.rows[0].labels, result.rows[0].warnings) == ({"done": 1}, {1: "gtv"}, ())
    assert load_image(tmp_path / "out" / result.rows[0].outputs[0].path).array.any()


@pytest.mark.parametrize("options", [{}, {"masks": "separate"}, {"layout": "nnunet"}])
def test_a_covered_tumor_is_told_in_the_row(covered, tmp_path, options):
    row = work(covered, tmp_path / "out", **options)
    (warning,) = row.warnings
    assert (row.status, warning.kind) == ("done", "ContentWarning")
    assert "1 (GTV) and 2 (Body) in 29 voxels (nothing is left of 1)" in warning.text


@pytest.mark.parametrize("names", ["GTV", [], [" "], [3]])
def test_what_is_no_list_of_names_is_refused(names):
    with pytest.raises(OptionError, match="a list of names"):
        make_segment_choice(names, None)


def test_other_segments_are_other_parameters(covered, tmp_path):
    hashes = {
        hash_parameters(covered, make_run_rules(tmp_path, segments=make_segment_choice(segments, without)))
        for segments, without in [(None, None), (["GTV"], None), (None, ["GTV"]), (["gtv", "liver"], None)]
    }
    assert len(hashes) == 4
