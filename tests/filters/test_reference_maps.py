"""The 33 reference response maps of IBSI 2: every voxel within one per cent of the map's range."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories.ibsi2_maps import ALLOWED, MAPS, row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "filters.md"


@pytest.mark.parametrize("reference", MAPS, ids=lambda one: one.name)
def test_response_agrees_with_the_map_and_the_page_says_how_well(shared_data, reference):
    worst = reference.worst(shared_data / "ibsi2")
    print(f"{reference.name}: {reference.call()}: worst voxel {worst:.4%} of the range, {ALLOWED:.0%} allowed")
    assert worst <= ALLOWED
    assert row(reference, worst) in PAGE.read_text(encoding="utf-8")


def test_every_map_has_its_call(shared_data):
    files = {file.name.removesuffix("-ValidCRM.nii.gz") for file in (shared_data / "ibsi2/response_maps").iterdir()}
    assert files == {one.name for one in MAPS}
