"""Messages on the page name no folder of the source."""

from __future__ import annotations

import pytest

from pictologics.cohort.reporting.private_text import PathRemover

INPUTS = ["/archive/O'Brien^Jane/ct/IM1.dcm", "/archive/O'Brien^Jane/ct/IM2.dcm", "plain.nii", "/packed/all.zip"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("'/archive/O'Brien^Jane/ct': slices are missing", "'…': slices are missing"),
        ("'/archive/O'Brien^Jane/ct/IM2.dcm': it ends early", "'…': it ends early"),
        ("'/elsewhere/Doe^John/x.nii' and '/y/Roe': differ", "'…' and '…': differ"),
        (r"'C:\scans\Doe' differs", "'…' differs"),
        ("'s3://bucket/Doe/x.dcm': it cannot be opened", "'…': it cannot be opened"),
        ("'/out/case-1/image.nii.gz': the disk is full", "'case-1/image.nii.gz': the disk is full"),
        ("'/packed/all.zip/Doe^John/O'Brien.dcm': it ends early; 'axial'", "'…': it ends early; 'axial'"),
        ("'/archive/O'Brien^Jane/ct/Doe^John/IM3.dcm' and '/packed/Roe': differ", "'…' and '…': differ"),
        ("'plain.nii': it ends early", "'…': it ends early"),
        ("its voxels are plain.nii like", "its voxels are plain.nii like"),
        ("the slices are 3 mm apart, and 'axial' is required", "the slices are 3 mm apart, and 'axial' is required"),
    ],
)
def test_paths_of_the_source_are_taken_out(text, shown):
    assert PathRemover("/out", INPUTS)(text) == shown


def test_a_remote_output_folder_is_taken_out_too():
    assert PathRemover("s3://bucket/out", [])("'s3://bucket/out/a/image.nii': gone") == "'a/image.nii': gone"
