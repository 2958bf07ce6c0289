"""Typed findings about irregular stacks, each with its number in voxels and the places a person would ask for."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics.dicom.stacks.regularity import find_irregularities
from tests.factories.stacks import stack_of

LEVEL = (0.0, 0.0, 100.0)


def said(heights, shifts=None):
    return {finding.kind: finding for finding in find_irregularities(stack_of(heights, shifts, origin=LEVEL))}


def test_missing_slices_are_named_by_their_position_in_the_world():
    found = said(np.delete(np.arange(12) * 2.5, [4, 7, 8]))
    assert set(found) == {"slices missing"}
    text = found["slices missing"].text
    assert text == "3 slices are missing: 1 after slice 4 (at 110 mm), 2 after slice 6 (at 117.5 to 120 mm)"


def test_many_gaps_are_counted_not_listed():
    text = said(np.delete(np.arange(40.0), [3, 8, 13, 18, 23, 28, 33]))["slices missing"].text
    assert text.startswith("7 slices are missing")
    assert text.endswith("and 2 more places")


def test_a_spacing_that_changes_is_said_block_by_block():
    found = said(np.concatenate([np.arange(14) * 4.0, 53.1 + np.arange(14) * 7.0]))
    assert set(found) == {"spacing varies"}
    assert "varies from 1.1 to 7 mm" in found["spacing varies"].text
    assert "4 from slice 1 to 14, 1.1 from slice 14 to 15, 7 from slice 15 to 28" in found["spacing varies"].text


@pytest.mark.parametrize("beside", [0.0, 6.0])
def test_interleaved_lattices_are_a_finding_of_their_own(beside):
    heights = np.sort(np.concatenate([np.arange(6) * 5.0, np.arange(6) * 5.0 + 2.0]))
    shifts = np.outer(np.arange(12) % 2, (beside, 0))
    found = said(heights, shifts)
    assert "spacing varies" not in found
    finding = found["interleaved lattices"]
    assert "6 slices 5 mm apart and 6 slices 5 mm apart, the second 2 mm above the first" in finding.text
    assert finding.voxels >= 0.1
    assert ("shifted sideways" in found) == bool(beside)
    assert finding.text.endswith("6 mm beside it" if beside else "above the first")


def test_stacks_side_by_side_at_even_heights_are_interleaved():
    found = said(np.arange(12) * 2.5, np.outer(np.arange(12) % 2, (6.0, 0)))
    assert set(found) == {"interleaved lattices"}
    assert "2.5 mm above the first and 6 mm beside it" in found["interleaved lattices"].text


def test_interleaved_lattices_of_a_tilted_gantry_are_both():
    heights = np.sort(np.concatenate([np.arange(6) * 5.0, np.arange(6) * 5.0 + 2.0]))
    assert set(said(heights, (0, 0.3))) == {"tilted", "interleaved lattices"}
