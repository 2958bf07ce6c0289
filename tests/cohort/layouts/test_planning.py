from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics.cohort.layouts.file_names import clean_name, fill_template
from pictologics.cohort.layouts.flat import FlatLayout
from pictologics.cohort.layouts.planning import plan_outputs
from pictologics.cohort.layouts.registry import make_layout
from pictologics.errors import OptionError

from .cases import make_case


def test_every_image_and_mask_has_a_file_of_its_own():
    cases = [make_case("a", ("ct", "pet")), make_case("b", masks=("seg", "rtstruct"))]
    planned = plan_outputs(FlatLayout(), cases)
    assert [[file.path for file in outputs.files] for outputs in planned] == [
        ["a/ct.nii.gz", "a/pet.nii.gz", "a/seg.nii.gz"],
        ["b/ct.nii.gz", "b/seg.nii.gz", "b/rtstruct.nii.gz"],
    ]


@pytest.mark.parametrize(
    ("template", "ids", "images"),
    [
        ("{patient_key}/{name}{suffix}", ("a", "b"), ("ct",)),
        ("{case_id}{suffix}", ("a", "b"), ("ct", "pet")),
        ("{case_id}/{name}{suffix}", ("case", "CASE"), ("ct",)),
        ("{case_id}", ("a", "b"), ("ct", "pet")),
    ],
    ids=["between cases", "within a case", "in case of letters only", "without a suffix"],
)
def test_two_files_of_one_name_are_refused_before_any_work(template, ids, images):
    cases = [make_case(case_id, images, masks=()) for case_id in ids]
    with pytest.raises(OptionError, match="gives one name to several files") as caught:
        plan_outputs(FlatLayout(template=template), cases)
    assert caught.value.values["collisions"] >= 1


def test_a_file_where_a_folder_must_be_is_refused():
    layout = FlatLayout(template="{case_id}", mask_template="{case_id}/{name}{suffix}")
    with pytest.raises(OptionError, match="'a' "):
        plan_outputs(layout, [make_case("a")])


@pytest.mark.parametrize("template", ["run.json", "manifest/{case_id}{suffix}"])
def test_what_the_run_keeps_there_is_not_overwritten(template):
    with pytest.raises(OptionError, match="the run itself"):
        plan_outputs(FlatLayout(template=template), [make_case(masks=())])


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{case}/{name}", "{case} is no name"),
        ("{case_id", "a brace is missing"),
        ("{case_id!r}", "'!'"),
        ("{case_id.__class__}", "is no name"),
        ("{}", "is no name"),
        ("../{case_id}", "below the output folder"),
        ("/data/{case_id}", "below the output folder"),
        ("C:/data/{case_id}", "below the output folder"),
        ("a//{case_id}", "below the output folder"),
        ("a\\{case_id}", "below the output folder"),
        ("{case_id:07d}", "does not fit"),
        ("{segment}", "of images, which have none"),
    ],
)
def test_a_template_that_names_no_file_is_refused(template, found):
    with pytest.raises(OptionError, match=found.replace("{", r"\{")):
        plan_outputs(FlatLayout(template=template), [make_case()])


def test_numbers_in_templates_may_have_zeros_in_front():
    assert fill_template("{case_id}_{phase:03d}{suffix}", {"case_id": "a", "phase": 7, "suffix": ".mha"}) == "a_007.mha"


@given(st.text(max_size=200))
def test_a_clean_name_is_one_part_of_a_path(text):
    name = clean_name(text)
    assert name == clean_name(name)
    assert name
    assert not set(name) & set('/\\:*?"<>| \0\n')
    assert not name.startswith(".")
    assert not name.endswith(".")


@pytest.mark.parametrize("text", ["con", "NUL.txt", "LPT1"])
def test_names_of_devices_are_not_used(text):
    assert clean_name(text) == f"_{text}"


def test_layouts_are_made_by_name_and_taken_as_they_are():
    layout = make_layout("flat", ".mha", template="{case_id}_{name}{suffix}")
    assert layout.plan(make_case("a", masks=())).files[0].path == "a_ct.mha"
    assert make_layout(layout) is layout
    with pytest.raises(OptionError, match="no layout 'round'"):
        make_layout("round")
    with pytest.raises(OptionError, match="no option color"):
        make_layout("flat", color="red")
