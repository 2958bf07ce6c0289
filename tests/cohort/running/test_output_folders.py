"""Outputs that are folders: removed where they are ours, and where a manifest says so even if they are damaged."""

from __future__ import annotations

import pytest

from pictologics import OptionError, load_image
from pictologics.cohort import run
from pictologics.cohort.running.run_folder import open_run_folder
from tests.factories.run_cases import make_cases


def test_a_damaged_folder_goes_only_if_a_manifest_lists_it(tmp_path):
    folder = open_run_folder(tmp_path)
    for name in ("scan.ome.zarr", "documents"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "chunk").touch()
    with pytest.raises(OptionError, match="a folder is here that no run has written"):
        folder.remove("scan.ome.zarr")
    with pytest.raises(OptionError, match="a folder is here that no run has written"):
        folder.remove("documents", is_listed=True)
    folder.remove("scan.ome.zarr", is_listed=True)
    assert folder.list_names("") == ["documents"]


@pytest.mark.slow
def test_a_case_whose_folder_lost_its_description_is_done_again(tmp_path, client):
    cases, out = make_cases(tmp_path / "in", 2, masks=False), tmp_path / "out"
    assert run(None, cases, out, format=".ome.zarr", client=client).counts == {"done": 2}
    (out / "case1" / "ct.ome.zarr" / "zarr.json").unlink()
    again = run(None, cases, out, format=".ome.zarr", client=client)
    assert [case.action for case in again.planned] == ["keep", "run"]
    assert again.counts == {"done": 2}
    assert load_image(out / "case1" / "ct.ome.zarr").array.max() == 1
