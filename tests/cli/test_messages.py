"""A shell user is told of options, not of Python's keywords."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import typer

import pictologics
from pictologics.cli.app import app
from pictologics.cli.messages import OPTIONS_OF_KEYWORDS, translate_keywords
from tests.cli.program import fail
from tests.factories.dicom_series import write_series

OPTIONS = {
    "--dtype": False,
    "--interpolation": False,
    "--irregular": False,
    "--key": False,
    "--luminance": True,
    "--output": False,
    "--reference": False,
    "--series-uid": False,
    "--stored-values": True,
    "--suv": False,
}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('pass irregular="ignore" to keep the slices', "pass --irregular ignore to keep the slices"),
        ("pass apply_rescale=False to get the stored values", "pass --stored-values to get the stored values"),
        ('pass color="luminance" to convert it to gray', "pass --luminance to convert it to gray"),
        ("pass series_uid= with one of these", "pass --series-uid with one of these"),
        ("pass one of these as series_uid", "pass one of these as --series-uid"),
        ("leave suv out, or correct the attribute", "leave --suv out, or correct the attribute"),
        ("pass dtype=numpy.float64", "pass --dtype float64"),
        ('pass suv="bw" or suv="bsa"', "pass --suv bw or --suv bsa"),
        ("load the image and pass it as reference_image", "load the image and pass it as --reference"),
        (
            'pass interpolation="nearest" for masks, "linear" or "cubic" for images',
            "pass --interpolation nearest for masks, linear or cubic for images",
        ),
        (
            "pass reposition_to_reference=True to place every file on the voxels of a reference image",
            "pass --reference IMAGE to place every file on the voxels of a reference image",
        ),
        ("pass page=", "pass --output"),
        ("name a file that holds one by key= or in KEY", "name a file that holds one by --key or in KEY"),
        # What the command cannot set stays, and so do words that only sound like keywords.
        ("pass dataset_index=1", "pass dataset_index=1"),
        ("this DICOM file is a color image of its dtype", "this DICOM file is a color image of its dtype"),
    ],
)
def test_keywords_become_options(message, expected):
    assert translate_keywords(message, OPTIONS) == expected


@pytest.mark.parametrize("mask", ["mask", "--mask"])
def test_a_command_that_takes_the_image_first_says_so(mask):
    told = translate_keywords("load the image and pass it as reference_image", {mask: False})
    assert told == "load the image and write it first, before its mask"


def test_the_table_names_keywords_and_options_that_are_there():
    commands = typer.main.get_command(app).commands.values()
    options = {name for command in commands for option in command.params for name in option.opts}
    assert {option.split()[0] for option in OPTIONS_OF_KEYWORDS.values()} <= options
    functions = (
        pictologics.load_image,
        pictologics.load_mask,
        pictologics.load_and_merge_images,
        pictologics.visualize_mask_overlay,
        pictologics.cohort.check,
        pictologics.cohort.index,
        pictologics.cohort.report,
        pictologics.cohort.run,
    )
    assert set(OPTIONS_OF_KEYWORDS) <= {
        name for function in functions for name in inspect.signature(function).parameters
    }


@pytest.mark.parametrize("name", ["check", "index", "report", "run"])
def test_the_table_misses_no_option_of_a_command_on_cohorts(name):
    command = typer.main.get_command(app).commands[name]
    options = {parameter.name for parameter in command.params if parameter.opts[0].startswith("--")}
    # Folders are named by themselves in messages, as paths in quotes.
    keywords = set(inspect.signature(getattr(pictologics.cohort, name)).parameters) - {"out"}
    assert options & keywords <= set(OPTIONS_OF_KEYWORDS)


def test_errors_of_commands_on_cohorts_name_options(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text('{"manifest_version": 1}', encoding="utf-8")
    assert fail(tmp_path, "report", "out", "--output", ".").startswith("--output is ")


def test_errors_of_commands_name_options_and_leave_paths_alone(tmp_path):
    write_series(tmp_path / "series_uid", slices=[0, 1, 3, 4])
    error = fail(tmp_path, "convert", "series_uid", "out.nii")
    assert error.startswith("'series_uid': ")
    assert "pass --irregular resample" in error
    assert "--irregular ignore" in error


def test_a_command_without_the_option_that_would_help_names_the_one_that_has_it(tmp_path):
    write_series(tmp_path / "scan", slices=[0, 1, 3, 4])
    (tmp_path / "steps.json").write_text('{"steps": ["normalize"]}', encoding="utf-8")
    error = fail(tmp_path, "process", "scan", "-p", "steps.json", "-o", "out.nii")
    assert '"process" has no such option; write it first by "convert" with --irregular' in error
    for name, start in (("image", 0.0), ("mask", 0.4), ("other", 900.4)):
        array = np.ones((4, 4, 4), np.uint8)
        spacing = (1.0 + start % 1, 1.0, 1.0)
        pictologics.save_image(pictologics.Image(array, spacing, (start, 0, 0)), tmp_path / f"{name}.nii")
    call = ("process", "image.nii", "-p", "steps.json", "-o", "out.nii", "-m")
    assert '"convert --reference" with --interpolation' in fail(tmp_path, *call, "mask.nii")
    error = fail(tmp_path, *call, "other.nii")
    assert "wholly outside the reference" in error
    assert "interpolation" not in error
